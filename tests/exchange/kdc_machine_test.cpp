// The KDC's exchanges as machines: every call in every state, every octet changed, every buffer, every failing draw.
#include <algorithm>
#include <memory>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using world = kerb_kdc_test::kdc_world;
using policy = testing::insecure_policy;
using machine = kdc<policy>;

constexpr errc failure(const kdc_step& s) {
  const auto* f = std::get_if<failed>(&s);
  return f == nullptr ? errc::ok : f->why.code;
}

// ---- the transition table

enum class at { idle, wants_client, wants_server, wants_header, wants_check, wants_decision, wants_signature, over };
/// A machine in a state, and the world that brought it there.
struct staged {
  world w;
  std::array<std::uint8_t, 8192> buffer{};
  machine x{w.settings, buffer};
  kdc_step step;

  constexpr staged(at where, bool tgs) {
    w.settings.check_requests = true;
    machine fresh(w.settings, buffer);
    x = std::move(fresh);
    if (where == at::idle) return;
    const auto t = w.env_now();
    const bytes_view request = tgs ? w.tgs_req() : w.as_req();
    step = x.receive(request, t);
    if (where == at::wants_header || where == at::wants_client) return;
    step = x.found(tgs ? w.tgs.record : w.client.record, t);
    if (where == at::wants_check) return;
    if (tgs) step = x.request_checked(request_verdict::fresh, t);
    if (where == at::wants_server) return;
    step = x.found(tgs ? w.service.record : w.tgs.record, t);
    if (where == at::wants_decision) return;
    step = x.issue({.reserved_octets = where == at::wants_signature ? 8u : 0u}, t);
  }
  /// The call's word, where it goes on; otherwise what it failed with.
  constexpr kdc_step call(int which) {
    const auto t = w.env_now();
    switch (which) {
      case 0: return x.receive(w.as_req(), t);
      case 1: return x.found(w.service.record, t);
      case 2: return x.refer_to(other_org, t);
      case 3: return x.absent(t);
      case 4: return x.unavailable(t);
      case 5: return x.request_checked(request_verdict::other, t);
      case 6: return x.issue({}, t);
      case 7: return x.refuse(error_code_t::kdc_err_policy, t);
      default: return x.signed_ticket(t);
    }
  }
};
constexpr bool calls_out_of_turn_are_misuse() {
  struct row {
    at where;
    bool tgs;
    const char* good;  // for each call whether the state has it
  };
  constexpr row rows[] = {{at::idle, false, "100000000"},
                          {at::wants_client, false, "011110000"},
                          {at::wants_server, false, "011110000"},
                          {at::wants_decision, false, "000000110"},
                          {at::wants_signature, false, "000000001"},
                          {at::over, false, "000000000"},
                          {at::wants_header, true, "011110000"},
                          {at::wants_check, true, "000001000"},
                          {at::wants_server, true, "011110000"},
                          {at::wants_decision, true, "000000110"},
                          {at::wants_signature, true, "000000001"},
                          {at::over, true, "000000000"}};
  for (const row& r : rows) {
    for (int call = 0; call != 9; ++call) {
      staged s(r.where, r.tgs);
      const errc why = failure(s.call(call));
      if ((why == errc::ok) != (r.good[call] == '1')) return false;
      if (why == errc::ok) continue;
      if (why != errc::api_misuse) return false;
      for (int again = 0; again != 9; ++again) {  // and nothing goes on after that, but in a machine that never began
        if (r.where != at::idle && failure(s.call(again)) != errc::api_misuse) return false;
      }
    }
  }
  return true;
}
KERB_BOTH("kdc: every call out of turn fails, and nothing goes on after that", "[exchange]",
          calls_out_of_turn_are_misuse);

constexpr bool the_first_reason_stands() {
  for (const bool tgs : {false, true}) {
    staged s(at::wants_decision, tgs);
    if (failure(s.x.abandon({.code = errc::no_answer})) != errc::no_answer) return false;
    for (int call = 0; call != 9; ++call)
      if (failure(s.call(call)) != errc::no_answer) return false;
    if (failure(s.x.abandon({.code = errc::stream_ended})) != errc::no_answer) return false;
  }
  return true;
}
KERB_BOTH("kdc: what has failed says its first reason again", "[exchange]", the_first_reason_stands);

constexpr bool a_database_that_does_not_answer_is_no_unknown_principal() {
  for (const bool tgs : {false, true}) {
    staged s(tgs ? at::wants_header : at::wants_client, tgs);
    const kdc_step step = s.x.unavailable(s.w.env_now());
    const auto* no = std::get_if<refused>(&step);
    const auto e = no == nullptr ? result<msg::KrbError>(errc::truncated) : asn1::decode<msg::KrbError>(no->octets);
    if (!e || e->error_code != error_code_t::kdc_err_svc_unavailable || no->why.code != errc::database_unavailable)
      return false;
  }
  return true;
}
KERB_BOTH("kdc: a database that does not answer is told apart from an unknown principal", "[exchange][rfc4120-7.5.9]",
          a_database_that_does_not_answer_is_no_unknown_principal);

constexpr bool a_clock_that_cannot_be_is_refused() {
  world w;
  w.now.at = kerberos_time{latest_time.seconds + 1};
  machine x(w.settings, std::span(w.scratch));
  return failure(x.receive(w.as_req(), w.env_now())) == errc::clock_out_of_range;
}
KERB_BOTH("kdc: a clock that Kerberos cannot write is refused", "[exchange]", a_clock_that_cannot_be_is_refused);

// ---- the transport

constexpr bool a_reply_too_long_for_a_datagram_asks_for_a_stream() {
  for (const bool tgs : {false, true}) {
    world w;
    w.peer.arrived = transport::datagram;
    const auto ask = [&](std::size_t largest) {
      w.peer.largest_datagram = largest;
      return tgs ? w.ask_tgs() : w.ask_as();
    };
    const outcome whole = ask(10000);
    const std::size_t n = whole.octets.size();
    if (!whole.issued || !ask(n).issued) return false;
    const outcome r = ask(n - 1);
    if (!r.is(error_code_t::krb_err_response_too_big, errc::reply_too_long, "", "") || r.why.detail != n) return false;
    w.peer.arrived = transport::stream;
    if (!ask(n - 1).issued) return false;
  }
  return true;
}
KERB_BOTH("kdc: a reply too long for a datagram is asked for again over a stream", "[exchange][rfc4120-7.2.1]",
          a_reply_too_long_for_a_datagram_asks_for_a_stream);

constexpr bool a_refusal_too_long_for_a_datagram_asks_for_a_stream() {
  std::array<std::uint8_t, 1000> letters{};
  for (std::uint8_t& o : letters) o = 'x';
  for (const std::size_t size : {100u, 200u, 1000u}) {
    const kerberos_string parts[] = {{bytes_view(letters).first(size)}};
    for (const bool concealed : {false, true}) {
      outcome known;
      world there, absent;
      for (world* w : {&there, &absent}) {
        w->settings.conceal_unknown_clients = concealed;
        w->with_timestamp = false;
        w->body.cname = msg::PrincipalName{name_t::principal, view_of<kerberos_string>(parts)};
        w->peer = {.arrived = transport::datagram, .largest_datagram = 500};
        w->lay(w->client, {*w->body.cname, ex_org}, e20, 0x11);
      }
      absent.client.there = false;
      known = there.ask_as();
      const outcome unknown = absent.ask_as();
      if (known.issued || unknown.issued || known.octets.size() > 500 || unknown.octets.size() > 500) return false;
      if (size == 1000 && !unknown.is(error_code_t::krb_err_response_too_big)) return false;
      if (size == 1000 && !known.is(error_code_t::krb_err_response_too_big)) return false;
      absent.peer.arrived = transport::stream;
      if (absent.ask_as().is(error_code_t::krb_err_response_too_big)) return false;
    }
  }
  return true;
}
KERB_BOTH("kdc: a refusal too long for a datagram is asked for again over a stream", "[exchange][rfc4120-7.2.1]",
          a_refusal_too_long_for_a_datagram_asks_for_a_stream);

constexpr bool concealment_holds_where_a_refusal_is_too_long() {
  std::array<std::uint8_t, 1000> letters{};
  for (std::uint8_t& o : letters) o = 'x';
  for (std::size_t size = 20; size <= 1000; size += 140) {
    const kerberos_string parts[] = {{bytes_view(letters).first(size)}};
    world there, absent;
    for (world* w : {&there, &absent}) {
      w->settings.conceal_unknown_clients = true;
      w->with_timestamp = false;
      w->body.cname = msg::PrincipalName{name_t::principal, view_of<kerberos_string>(parts)};
      w->body.etype = view_of<etype_t>(w->offer.data(), 1);
      w->peer = {.arrived = transport::datagram, .largest_datagram = 500};
      w->lay(w->client, {*w->body.cname, ex_org}, e20, 0x11);
    }
    absent.client.there = false;
    if (!(there.ask_as().octets == absent.ask_as().octets)) return false;
  }
  return true;
}
KERB_BOTH("kdc: where policy conceals clients, a refusal too long for a datagram is the same for every client",
          "[exchange][rfc4120-7.2.1]", concealment_holds_where_a_refusal_is_too_long);

constexpr bool a_signed_reply_too_long_writes_nowhere_else() {
  for (const bool tgs : {false, true}) {
    world w;
    w.peer = {.arrived = transport::datagram, .largest_datagram = 100};
    std::array<std::uint8_t, 12288> memory{};
    for (std::uint8_t& o : memory) o = 0xa5;
    machine x(w.settings, std::span(memory).subspan(2048, 8192), w.peer);
    const auto t = w.env_now();
    kdc_step step = x.receive(tgs ? w.tgs_req() : w.as_req(), t);
    while (const auto* a = std::get_if<need_principal>(&step)) step = x.found(w.find(a->principal)->record, t);
    step = x.issue({.reserved_octets = 8}, t);
    if (!is<sign_ticket>(step)) return false;
    step = x.signed_ticket(t);
    const auto* no = std::get_if<refused>(&step);
    if (no == nullptr || no->why.code != errc::reply_too_long || !asn1::decode<msg::KrbError>(no->octets)) return false;
    for (std::size_t i = 0; i != memory.size(); ++i)
      if ((i < 2048 || i >= 2048 + 8192) && memory[i] != 0xa5) return false;
  }
  return true;
}
KERB_BOTH("kdc: a signed ticket too long for a datagram leaves what lies around the buffer alone",
          "[exchange][rfc4120-7.2.1]", a_signed_reply_too_long_writes_nowhere_else);

constexpr bool a_length_that_is_reserved_is_answered_so() {
  world w;
  machine x(w.settings, std::span(w.scratch));
  const kdc_step step = x.frame_too_long(w.env_now());
  const auto* no = std::get_if<refused>(&step);
  const auto e = no == nullptr ? result<msg::KrbError>(errc::truncated) : asn1::decode<msg::KrbError>(no->octets);
  return e && e->error_code == error_code_t::krb_err_field_toolong && x.framed().size() == no->octets.size() + 4 &&
         e->sname.name_string.size() == 2 && e->realm == ex_org &&
         failure(x.receive(w.as_req(), w.env_now())) == errc::api_misuse;
}
KERB_BOTH("kdc: a length that RFC 4120 reserves is answered by KRB_ERR_FIELD_TOOLONG", "[exchange][rfc4120-7.2.2]",
          a_length_that_is_reserved_is_answered_so);

// ---- octets

TEST_CASE("kdc: a request cut short anywhere gets no answer", "[exchange][rfc4120-3.1.3]") {
  for (const bool tgs : {false, true}) {
    world w;
    const bytes_view good = tgs ? w.tgs_req() : w.as_req();
    const std::vector<std::uint8_t> whole(good.begin(), good.end());
    for (std::size_t n = 0; n != whole.size(); ++n) {
      const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
      REQUIRE(w.ask(cut).silent);
    }
  }
}

/// Where in a TGS-REQ nothing is authenticated, and a change goes unnoticed: the padata that is not known, the AP-REQ's
/// options, the key's version (0 stands for any), and name types, which RFC 4120 section 5.2.2 does not compare.
std::vector<bool> unauthenticated(bytes_view request) {
  std::vector<bool> open(request.size());
  const auto mark = [&](bytes_view part) {
    for (std::size_t i = 0; i != part.size(); ++i)
      open[static_cast<std::size_t>(part.data() - request.data()) + i] = true;
  };
  const auto req = asn1::decode<msg::TgsReq>(request);
  for (auto p = req->padata->begin(); p != req->padata->end(); ++p) {
    if ((*p).padata_type != padata_t::tgs_req) {
      mark(p.octets());
      continue;
    }
    const bytes_view ap = (*p).padata_value;
    const auto decoded = asn1::decode<msg::ApReq>(ap);
    for (std::size_t i = 0; i + 9 < ap.size(); ++i) {
      if (ap[i] == 0xa2 && ap[i + 1] == 7 && ap[i + 2] == 3) {
        mark(ap.subview(i + 4, 5));  // ap-options
        break;
      }
    }
    const bytes_view ticket = decoded->ticket.octets();
    for (std::size_t i = 4; i + 4 < ticket.size(); ++i) {
      const bool name_type = ticket[i - 4] == 0xa2 && ticket[i] == 0xa0, kvno = ticket[i] == 0xa1;
      if (!(name_type || kvno) || ticket[i + 1] != 3 || ticket[i + 2] != 2) continue;
      mark(ticket.subview(i + 4, 1));
      if (kvno) break;
    }
  }
  return open;
}
TEST_CASE("kdc: a TGS request with any bit changed where it is authenticated gets no ticket",
          "[exchange][rfc4120-3.3.3]") {
  world w;
  w.with_subkey = true;
  const bytes_view good = w.tgs_req();
  std::vector<std::uint8_t> octets(good.begin(), good.end());
  const std::vector<bool> open = unauthenticated(octets);
  std::size_t issued = 0;
  for (std::size_t i = 0; i != octets.size(); ++i) {
    for (unsigned bit = 1; bit != 0x100; bit <<= 1) {
      octets[i] ^= static_cast<std::uint8_t>(bit);
      const outcome r = w.ask(octets);
      octets[i] ^= static_cast<std::uint8_t>(bit);
      INFO("octet " << i << ", bit " << bit);
      if (r.issued) ++issued;
      if (r.issued) REQUIRE(open[i]);
      if (!r.issued) REQUIRE((r.silent || r.sent));
    }
  }
  CHECK(issued != 0);
  CHECK(w.ask(octets).issued);
}
TEST_CASE("kdc: an AS request with any bit changed ends in a reply, an error or silence", "[exchange][rfc4120-3.1.3]") {
  world w;
  const bytes_view good = w.as_req();
  std::vector<std::uint8_t> octets(good.begin(), good.end());
  for (std::size_t i = 0; i != octets.size(); ++i) {
    for (unsigned bit = 1; bit != 0x100; bit <<= 1) {
      octets[i] ^= static_cast<std::uint8_t>(bit);
      const outcome r = w.ask(octets);
      octets[i] ^= static_cast<std::uint8_t>(bit);
      REQUIRE((r.silent || r.sent || !r.octets.empty()));
    }
  }
}
TEST_CASE("kdc: identical requests are answered alike, with a key of their own", "[exchange][rfc4120-3.3.2]") {
  for (const bool tgs : {false, true}) {
    world w;
    const bytes_view good = tgs ? w.tgs_req() : w.as_req();
    const std::vector<std::uint8_t> request(good.begin(), good.end());
    const outcome first = w.ask(request);
    REQUIRE(first.issued);
    const std::vector<std::uint8_t> key(first.part.key.keyvalue.begin(), first.part.key.keyvalue.end());
    const outcome second = w.ask(request);
    CHECK(second.issued);
    CHECK_FALSE(second.part.key.keyvalue == bytes_view(key));
  }
}

// ---- buffer

/// Drives a request in a buffer of `size` octets at first; whenever more is asked for, exactly that is given.
struct in_buffer {
  world w;
  std::vector<std::vector<std::uint8_t>> buffers;
  std::vector<std::size_t> asked;
  bool done = false, refusal = false;

  in_buffer(bool tgs, std::size_t size, void (*bend)(world&)) {
    bend(w);
    const bytes_view made = tgs ? w.tgs_req() : w.as_req();
    const std::vector<std::uint8_t> request(made.begin(), made.end());
    const auto t = w.env_now();
    buffers.emplace_back(size);
    machine x(w.settings, buffers.back());
    kdc_step step = need_buffer{};
    std::optional<principal_view> looked_up;
    for (enum {receiving, looking, issuing} doing = receiving;;) {
      switch (doing) {
        case receiving: step = x.receive(request, t); break;
        case looking: {
          const auto* e = w.find(*looked_up);
          step = e != nullptr ? x.found(e->record, t) : x.absent(t);
          break;
        }
        case issuing: step = x.issue(w.options, t); break;
      }
      if (const auto* n = std::get_if<need_buffer>(&step)) {
        asked.push_back(n->size);
        REQUIRE(n->size > buffers.back().size());
        REQUIRE(asked.size() < 10);
        auto bigger = std::vector<std::uint8_t>(n->size);
        const std::span<std::uint8_t> to(bigger);
        buffers.push_back(std::move(bigger));
        x.set_buffer(to);
        // What the old one held has gone, so that a view left in it would be noticed
        for (std::uint8_t& o : buffers[buffers.size() - 2]) o = 0xee;
      } else if (const auto* a = std::get_if<need_principal>(&step)) {
        looked_up = a->principal;
        doing = looking;
      } else if (is<authorize>(step)) {
        doing = issuing;
      } else if (const auto* r = std::get_if<reply>(&step)) {
        done = tgs ? asn1::decode<msg::TgsRep>(r->octets).has_value() : asn1::decode<msg::AsRep>(r->octets).has_value();
        return;
      } else {
        const auto* no = std::get_if<refused>(&step);
        refusal = no != nullptr && asn1::decode<msg::KrbError>(no->octets).has_value();
        return;
      }
    }
  }
};
TEST_CASE("kdc: a buffer too small asks for the size that will do, and goes on there", "[exchange]") {
  for (const bool tgs : {false, true}) {
    const in_buffer small(tgs, 0, [](world&) {});
    CHECK(small.done);
    CHECK_FALSE(small.asked.empty());
    // Neither the exchange nor its destructor has touched a buffer that was replaced
    for (std::size_t i = 0; i + 1 < small.buffers.size(); ++i)
      CHECK(std::count(small.buffers[i].begin(), small.buffers[i].end(), 0xee) ==
            static_cast<std::ptrdiff_t>(small.buffers[i].size()));
    const in_buffer enough(tgs, small.buffers.back().size(), [](world&) {});
    CHECK(enough.done);
    CHECK(enough.asked.empty());
    const in_buffer nearly(tgs, small.buffers.back().size() - 1, [](world&) {});
    CHECK(nearly.done);
    CHECK_FALSE(nearly.asked.empty());
  }
}
TEST_CASE("kdc: what a ticket carries survives a move to a larger buffer", "[exchange]") {
  static constexpr std::array<std::uint8_t, 3000> much{};
  static constexpr msg::AuthorizationDataElement large[] = {{ad_t(7000), much}};
  static constexpr std::uint8_t few[] = {1, 2, 3};
  static constexpr msg::AuthorizationDataElement had[] = {{ad_t(7001), few}};
  const in_buffer r(true, 0, [](world& w) {
    w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
    w.options.authorization_data = large;
  });
  CHECK(r.done);
  CHECK(r.asked.size() >= 2);
}
TEST_CASE("tgs_kdc: of what a request shows only the ticket and the data that go on are kept", "[exchange]") {
  static constexpr std::array<std::uint8_t, 9000> much{};
  static constexpr msg::AuthorizationDataElement large[] = {{ad_t(7000), much}};
  static constexpr std::array<std::uint8_t, 300> some{};
  static constexpr msg::AuthorizationDataElement more[] = {{ad_t(7001), some}};
  static constexpr msg::PaData hidden[] = {{padata_t(999), some}};
  static constexpr auto to_user = [](world& w) {
    w.options.authorization_data = large;
    w.with_subkey = true;
    w.body.kdc_options.set(kdc_option_t::enc_tkt_in_skey);
    w.body.sname = bob().name;
    w.second = w.tgt;
    w.second->cname = bob().name;
  };
  const in_buffer plain(true, 0, [](world& w) { to_user(w); });
  const in_buffer second(true, 0, [](world& w) {
    to_user(w);
    w.second->authorization_data = view_of<msg::AuthorizationDataElement>(more);
  });
  const in_buffer authenticator(true, 0, [](world& w) {
    to_user(w);
    static constexpr msg::AuthorizationDataElement optional[] = {{ad_t::if_relevant, more[0].ad_data}};
    w.authenticator.authorization_data = view_of<msg::AuthorizationDataElement>(optional);
  });
  const in_buffer armored(true, 0, [](world& w) {
    to_user(w);
    w.armored = msg::MethodData(view_of<msg::PaData>(hidden));
  });
  const in_buffer ticket(true, 0, [](world& w) {
    to_user(w);
    w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(more);
  });
  for (const in_buffer* r : {&plain, &second, &authenticator, &armored, &ticket}) {
    CHECK(r->done);
    REQUIRE(r->asked.size() == 2);
  }
  CHECK(second.asked[1] == plain.asked[1]);
  CHECK(authenticator.asked[1] == plain.asked[1]);
  CHECK(armored.asked[1] == plain.asked[1]);
  CHECK(ticket.asked[1] > plain.asked[1] + 600);  // in the buffer, and in the new ticket
}
TEST_CASE("kdc: a refusal with hints asks for the buffer that it needs", "[exchange]") {
  const in_buffer r(false, 0, [](world& w) { w.with_timestamp = false; });
  CHECK(r.refusal);
  CHECK_FALSE(r.asked.empty());
  const in_buffer failed_stamp(false, 0, [](world& w) { w.stamp_key = &w.user.own; });
  CHECK(failed_stamp.refusal);
}

TEST_CASE("kdc: a thousand requests are in flight in one thread, and answered in any order", "[exchange]") {
  struct flight {
    world w;
    std::vector<std::uint8_t> request, buffer = std::vector<std::uint8_t>(8192);
    machine x{w.settings, buffer};
    kdc_step step;
  };
  std::vector<std::unique_ptr<flight>> all;
  for (unsigned i = 0; i != 1000; ++i) {
    auto f = std::make_unique<flight>();
    f->w.body.nonce = i;
    const bytes_view made = i % 2 == 0 ? f->w.tgs_req() : f->w.as_req();
    f->request.assign(made.begin(), made.end());
    f->step = f->x.receive(f->request, f->w.env_now());
    all.push_back(std::move(f));
  }
  std::size_t done = 0;
  for (std::uint32_t state = 1; done != all.size();) {
    state = state * 1664525u + 1013904223u;
    flight& f = *all[(state >> 8) % all.size()];
    const auto t = f.w.env_now();
    if (const auto* a = std::get_if<need_principal>(&f.step)) {
      f.step = f.x.found(f.w.find(a->principal)->record, t);
    } else if (is<authorize>(f.step)) {
      f.step = f.x.issue({}, t);
      REQUIRE(is<reply>(f.step));
      ++done;
    }
  }
  CHECK(done == 1000);
}

// ---- randomness, memory, secrets

TEST_CASE("kdc: a ticket that waits for its signature has the confounders drawn when it has been signed",
          "[exchange]") {
  for (const bool tgs : {false, true}) {
    for (unsigned fail_at = 1; fail_at <= 3; ++fail_at) {
      world w;
      const bytes_view made = tgs ? w.tgs_req() : w.as_req();
      const std::vector<std::uint8_t> request(made.begin(), made.end());
      w.crypto.entropy = {};
      w.crypto.entropy.fail_at = fail_at;
      const auto t = w.env_now();
      std::array<std::uint8_t, 8192> buffer{};
      machine x(w.settings, buffer);
      kdc_step step = x.receive(request, t);
      while (const auto* a = std::get_if<need_principal>(&step)) step = x.found(w.find(a->principal)->record, t);
      REQUIRE(is<authorize>(step));
      step = x.issue({.reserved_octets = 16}, t);
      CHECK(w.crypto.entropy.draws() == 1);
      CHECK(is<sign_ticket>(step) == (fail_at != 1));
      if (fail_at == 1) continue;
      step = x.signed_ticket(t);
      CHECK(w.crypto.entropy.draws() == 2);
      CHECK(is<reply>(step) == (fail_at == 3));
      if (fail_at == 3) continue;
      REQUIRE(is<failed>(step));
      CHECK(std::get<failed>(step).why.code == errc::entropy);
    }
  }
}
TEST_CASE("kdc: a draw that fails issues nothing, whichever it is", "[exchange]") {
  for (const bool tgs : {false, true}) {
    unsigned draws = 0;
    for (unsigned fail_at = 1;; ++fail_at) {
      world w;
      const bytes_view made = tgs ? w.tgs_req() : w.as_req();
      const std::vector<std::uint8_t> request(made.begin(), made.end());
      w.crypto.entropy = {};
      w.crypto.entropy.fail_at = fail_at;
      const outcome r = w.ask(request);
      if (r.issued) break;
      CHECK(r.why.code == errc::entropy);
      CHECK_FALSE(r.sent);
      draws = fail_at;
    }
    CHECK(draws == 1);  // the session key, the reply's confounder and the ticket's, all at once
  }
}
TEST_CASE("kdc: a request is answered without allocating", "[exchange]") {
  for (const bool tgs : {false, true}) {
    world w;
    const bytes_view made = tgs ? w.tgs_req() : w.as_req();
    std::array<std::uint8_t, 4096> request{};
    std::copy(made.begin(), made.end(), request.begin());
    bool issued = false;
    {
      kerb_test::no_allocations none;
      issued = w.ask(bytes_view(request).first(made.size())).issued;
    }
    CHECK(issued);
  }
}
bool contains(bytes_view in, bytes_view what) {
  for (std::size_t i = 0; i + what.size() <= in.size(); ++i)
    if (in.subview(i, what.size()) == what) return true;
  return false;
}
TEST_CASE("kdc: no key stays in the buffer once a request has been answered", "[exchange]") {
  for (const std::size_t reserved : {std::size_t{0}, std::size_t{16}}) {
    for (const bool tgs : {false, true}) {
      world w;
      w.with_subkey = true;
      const auto t = w.env_now();
      const bytes_view made = tgs ? w.tgs_req() : w.as_req();
      std::array<std::uint8_t, 8192> buffer{};
      machine x(w.settings, buffer);
      kdc_step step = x.receive(made, t);
      while (const auto* a = std::get_if<need_principal>(&step)) step = x.found(w.find(a->principal)->record, t);
      REQUIRE(is<authorize>(step));
      step = x.issue({.reserved_octets = reserved}, t);
      if (reserved != 0) step = x.signed_ticket(t);
      const auto* r = std::get_if<reply>(&step);
      REQUIRE(r != nullptr);
      // The insecure policy leaves the session key readable in the message: everywhere else it must have gone
      std::vector<std::uint8_t> session;
      if (tgs) {
        const auto rep = asn1::decode<msg::TgsRep>(r->octets);
        std::array<std::uint8_t, 4096> plain{};
        kerb::detail::workspace in(plain);
        const auto part = asn1::decode<msg::EncTgsRepPart>(
            bytes_view(*open_sealed(w.crypto, rep->enc_part, w.subkey, key_usage_t::tgs_rep_enc_part_subkey, in)));
        session.assign(part->key.keyvalue.begin(), part->key.keyvalue.end());
        CHECK_FALSE(contains(bytes_view(buffer).first(buffer.size() - r->octets.size()),
                             w.crypto.expose(w.session).unguarded()));
        CHECK_FALSE(contains(bytes_view(buffer).first(buffer.size() - r->octets.size()),
                             w.crypto.expose(w.subkey).unguarded()));
      } else {
        const auto rep = asn1::decode<msg::AsRep>(r->octets);
        std::array<std::uint8_t, 4096> plain{};
        kerb::detail::workspace in(plain);
        const auto part = asn1::decode<msg::EncAsRepPart>(
            bytes_view(*open_sealed(w.crypto, rep->enc_part, w.client.own, key_usage_t::as_rep_enc_part, in)));
        session.assign(part->key.keyvalue.begin(), part->key.keyvalue.end());
      }
      REQUIRE(session.size() >= 16);
      CHECK_FALSE(contains(bytes_view(buffer).first(buffer.size() - r->octets.size()), session));
    }
  }
}
}  // namespace
