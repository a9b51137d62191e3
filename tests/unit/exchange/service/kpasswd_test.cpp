// A password service: which requests it accepts, and what it answers to each (RFC 3244).
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/kpasswd_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using policy = testing::insecure_policy;
using service = kpasswd_service<policy>;
using asked_parts = kpasswd_world::asked_parts;
using octet_list = std::vector<std::uint8_t>;

octet_list copy(bytes_view v) { return {v.begin(), v.end()}; }
/// A copy for constant expressions.
class octet_array {
 public:
  constexpr explicit octet_array(bytes_view v) : size_(v.size()) {
    for (std::size_t i = 0; i != size_; ++i) octets_.at(i) = v[i];
  }
  constexpr bytes_view view() const { return bytes_view(octets_).first(size_); }

 private:
  std::array<std::uint8_t, 1024> octets_{};
  std::size_t size_;
};
constexpr asked_parts to_set() {
  asked_parts p;
  p.version = kpasswd_frame::set_version;
  return p;
}

/// The result in an answer that the client of `request` opens: the code, or nothing if it does not open.
constexpr std::optional<kpasswd_result_t> sealed_result(kpasswd_world& world, bytes_view answer) {
  const auto frame = read_kpasswd_frame(answer);
  if (!frame || frame->version != kpasswd_frame::change_version || frame->ap.empty()) return std::nullopt;
  std::array<std::uint8_t, 4096> octets{};
  detail::workspace in{std::span(octets)};
  const auto rep = asn1::decode<msg::ApRep>(frame->ap);
  const auto priv = asn1::decode<msg::KrbPriv>(frame->message);
  if (!rep || !priv) return std::nullopt;
  auto& crypto = world.w.policy;
  const auto ap = open_sealed(crypto, rep->enc_part, world.w.session_key(), key_usage_t::ap_rep_enc_part, in);
  const auto plain = open_sealed(crypto, priv->enc_part, world.subkey(), key_usage_t::krb_priv_enc_part, in);
  if (!ap || !plain) return std::nullopt;
  const auto part = asn1::decode<msg::EncApRepPart>(bytes_view(*ap));
  const auto data = asn1::decode<msg::EncKrbPrivPart>(bytes_view(*plain));
  if (!part || !data || part->subkey || part->ctime != world.w.authenticator.ctime) return std::nullopt;
  if (!part->seq_number || data->seq_number != part->seq_number) return std::nullopt;
  const auto r = read_kpasswd_result(data->user_data);
  return r ? std::optional(r->code) : std::nullopt;
}
/// The result in a KRB-ERROR.
constexpr std::optional<kpasswd_result_t> open_result(bytes_view answer, error_code_t code, bool framed) {
  bytes_view message = answer;
  if (framed) {
    const auto frame = read_kpasswd_frame(answer);
    if (!frame || !frame->ap.empty() || frame->version != kpasswd_frame::change_version) return std::nullopt;
    message = frame->message;
  }
  const auto e = asn1::decode<msg::KrbError>(message, der::strict);
  if (!e || e->error_code != code || !same_principal({e->sname, {e->realm.octets}}, changepw) || !e->e_data)
    return std::nullopt;
  const auto r = read_kpasswd_result(*e->e_data);
  if (!r || kpasswd_text(r->text).octets.size() != r->text.size() || r->text.empty()) return std::nullopt;
  return r->code;
}

constexpr bool changes_own() {
  kpasswd_world world;
  const bytes_view request = world.request(new_password);
  const auto s = world.serve(request);
  return s.replied && s.own == true && s.initial == true && same_principal(s.client, alice) &&
         same_principal(s.target, alice) && s.has_password(new_password) &&
         sealed_result(world, s.octets) == kpasswd_result_t::success;
}
KERB_BOTH("kpasswd_service: an old request changes the client's own password", "[exchange][rfc3244-2]", changes_own);

/// A ChangePasswdData of these fields; it lies in this object.
struct change_data {
  std::array<std::uint8_t, 256> octets{};
  bytes_view view;
  constexpr explicit change_data(const msg::ChangePasswdData& m) { view = kerb_test::must(asn1::encode(m, octets)); }
};
constexpr msg::ChangePasswdData data_for(std::optional<principal_view> target, bool realm = true) {
  msg::ChangePasswdData m{new_password, {}, {}, {}};
  if (target) m.targname = target->name;
  if (target && realm) m.targrealm = target->realm;
  return m;
}

constexpr bool sets() {
  struct {
    std::optional<principal_view> target;
    bool realm, own;
  } const cases[] = {
      {std::nullopt, false, true}, {alice, true, true}, {alice, false, true}, {bob, true, false}, {bob, false, false}};
  for (const auto& one : cases) {
    kpasswd_world world;
    const change_data data(data_for(one.target, one.realm));
    const auto s = world.serve(world.request(data.view, to_set()), {kpasswd_result_t::softerror, {}});
    const principal_view expected = one.target ? *one.target : alice;
    if (!s.replied || s.own != one.own || s.initial != true || !same_principal(s.client, alice) ||
        !same_principal(s.target, expected) || !s.has_password(new_password) ||
        sealed_result(world, s.octets) != kpasswd_result_t::softerror)
      return false;
  }
  return true;
}
KERB_BOTH("kpasswd_service: a request of RFC 3244 names the principal, or means the client itself",
          "[exchange][rfc3244-2]", sets);

constexpr bool initial_needed() {
  for (const bool set : {false, true}) {
    for (const bool named : {false, true}) {
      if (named && !set) continue;
      kpasswd_world world;
      world.w.ticket.flags = {};
      const change_data data(data_for(named ? std::optional(alice) : std::nullopt));
      const auto s = world.serve(set ? world.request(data.view, to_set()) : world.request(new_password));
      if (s.own || s.replied || s.why.code != errc::initial_flag_needed) return false;
      if (sealed_result(world, s.octets) != kpasswd_result_t::initial_flag_needed) return false;
    }
  }
  kpasswd_world world;  // whether an administrator may do it is the application's matter
  world.w.ticket.flags = {};
  const change_data data(data_for(bob));
  const auto s = world.serve(world.request(data.view, to_set()));
  return s.replied && s.own == false && s.initial == false;
}
KERB_BOTH("kpasswd_service: a client changes its own password only with a ticket from the AS exchange",
          "[exchange][rfc3244-2]", initial_needed);

constexpr bool answers_mit() {
  kpasswd_world world;
  world.w.options = {};
  const auto s = world.serve(world.request(new_password));
  return s.replied && sealed_result(world, s.octets) == kpasswd_result_t::success;
}
KERB_BOTH("kpasswd_service: a client that did not request mutual authentication, as MIT krb5's, gets an AP-REP",
          "[exchange][rfc3244-2]", answers_mit);

/// Whether a request of either kind is refused with a KRB-ERROR that has this result.
template <class Break>
constexpr bool refuses(Break break_it, errc why, error_code_t code, kpasswd_result_t result, bool fresh = true) {
  for (const bool set : {false, true}) {
    kpasswd_world world;
    asked_parts p;
    if (set) p.version = kpasswd_frame::set_version;
    break_it(world, p);
    const change_data data(data_for({}));
    const auto s = world.serve(world.request(set ? data.view : bytes_view(new_password), std::move(p)),
                               world.service_params(), {}, fresh);
    if (s.own || s.replied || s.why.code != why) return false;
    // RFC 3244 section 2: unlike version 1, without a frame
    if (open_result(s.octets, code, !set) != result) return false;
  }
  return true;
}
constexpr bool no_subkey() {
  return refuses([](kpasswd_world&, asked_parts& p) { p.subkey = false; }, errc::missing_field,
                 error_code_t::krb_err_generic, kpasswd_result_t::malformed);
}
KERB_BOTH("kpasswd_service: an authenticator without a subkey is refused", "[exchange][rfc3244-2]", no_subkey);

constexpr bool wrong_keys() {
  const auto integrity = [](auto break_it) {
    return refuses(break_it, errc::integrity, error_code_t::krb_ap_err_bad_integrity, kpasswd_result_t::autherror);
  };
  return integrity([](kpasswd_world& w, asked_parts& p) { p.priv_key = w.w.session_key(); }) &&
         integrity([](kpasswd_world& w, asked_parts& p) { p.priv_key = w.w.service_key(); }) &&
         integrity([](kpasswd_world& w, asked_parts& p) { p.priv_key = w.w.other_key(w.w.session_etype); }) &&
         integrity([](kpasswd_world&, asked_parts& p) { p.usage = key_usage_t::krb_cred_enc_part; }) &&
         integrity([](kpasswd_world& w, asked_parts&) { w.w.usage = key_usage_t::tgs_req_authenticator; });
}
KERB_BOTH("kpasswd_service: only the subkey of the authenticator opens the KRB-PRIV", "[exchange][rfc3244-2]",
          wrong_keys);

/// Whether a request of either kind is refused with this result, sealed.
template <class Break>
constexpr bool refuses_sealed(Break break_it, errc why, std::string_view field, kpasswd_result_t result) {
  for (const bool set : {false, true}) {
    kpasswd_world world;
    asked_parts p;
    if (set) p.version = kpasswd_frame::set_version;
    break_it(world, p);
    const change_data data(data_for({}));
    const auto s = world.serve(world.request(set ? data.view : bytes_view(new_password), std::move(p)));
    if (s.own || s.replied || s.why.code != why || std::string_view(s.why.type) != "EncKrbPrivPart") return false;
    if (std::string_view(s.why.field) != field || sealed_result(world, s.octets) != result) return false;
  }
  return true;
}
constexpr bool wrong_number() {
  const auto out_of_order = [](auto break_it) {
    return refuses_sealed(break_it, errc::bad_order, "seq-number", kpasswd_result_t::autherror);
  };
  return out_of_order([](kpasswd_world&, asked_parts& p) { p.priv_seq = p.seq + 1; }) &&
         out_of_order([](kpasswd_world&, asked_parts& p) { p.has_seq = false; }) &&
         out_of_order([](kpasswd_world& w, asked_parts& p) {
           p.has_priv_seq = false;
           p.timestamp = w.w.now.at;
           p.usec = uint32(0);
         });
}
KERB_BOTH("kpasswd_service: a KRB-PRIV without the number of the authenticator gets a sealed refusal",
          "[exchange][rfc3244-2][rfc4120-3.5.2]", wrong_number);

constexpr bool no_number() {
  const auto lost = [](std::optional<uint32> usec) {
    return refuses_sealed(
        [=](kpasswd_world&, asked_parts& p) {
          p.has_priv_seq = false;
          p.usec = usec;
        },
        errc::bad_order, "seq-number", kpasswd_result_t::autherror);
  };
  kpasswd_world world;
  asked_parts mit;
  mit.has_seq = mit.has_priv_seq = false;
  const auto s = world.serve(world.request(new_password, std::move(mit)));
  return lost({}) && lost(uint32(0x2345678)) && s.replied && s.own == true &&
         sealed_result(world, s.octets) == kpasswd_result_t::success;
}
KERB_BOTH(
    "kpasswd_service: a number is missing in the KRB-PRIV only if the authenticator has none, as MIT krb5's kpasswd",
    "[exchange][rfc3244-2][tolerance]", no_number);

constexpr bool number_as_usec() {
  for (const std::uint32_t number : {0x2345678u, 0xffffffffu}) {
    kpasswd_world world;
    asked_parts p;
    p.seq = number;
    p.usec = uint32(number);
    const auto s = world.serve(world.request(new_password, std::move(p)));
    if (!s.replied || s.own != true || sealed_result(world, s.octets) != kpasswd_result_t::success) return false;
  }
  return true;
}
KERB_BOTH("kpasswd_service: the usec of a KRB-PRIV can be the number of the authenticator", "[exchange][rfc3244-2]",
          number_as_usec);

constexpr bool time_only() {
  const auto with = [](std::int64_t off, std::optional<uint32> usec) {
    return [=](kpasswd_world& w, asked_parts& p) {
      p.has_seq = p.has_priv_seq = false;
      p.timestamp = w.w.now.at;
      p.timestamp->seconds += off;
      p.usec = usec;
    };
  };
  const auto skewed = [](auto break_it, std::string_view field) {
    return refuses_sealed(break_it, errc::clock_skew, field, kpasswd_result_t::autherror);
  };
  for (const std::int64_t off : {-299, 0, 299}) {
    kpasswd_world world;
    asked_parts p;
    with(off, uint32(999999))(world, p);
    if (!world.serve(world.request(new_password, std::move(p))).replied) return false;
  }
  return skewed(with(-302, uint32(0)), "timestamp") && skewed(with(302, uint32(0)), "timestamp") &&
         skewed(with(0, std::nullopt), "usec") && skewed(with(0, uint32(1000000)), "timestamp") &&
         skewed(with(0, uint32(0xffffffff)), "timestamp");
}
KERB_BOTH("kpasswd_service: without numbers the KRB-PRIV has a time within the clock skew", "[exchange][rfc4120-3.5.2]",
          time_only);

constexpr bool other_reasons() {
  kpasswd_world world;
  const auto s = world.serve(world.request(new_password), {kpasswd_result_t::other, {}});
  return s.replied && sealed_result(world, s.octets) == static_cast<kpasswd_result_t>(0xffff);
}
KERB_BOTH("kpasswd_service: a program can refuse for a reason without a code of its own", "[exchange][rfc3244-2]",
          other_reasons);

constexpr bool replays() {
  return refuses([](kpasswd_world&, asked_parts&) {}, errc::replayed, error_code_t::krb_ap_err_repeat,
                 kpasswd_result_t::autherror, false);
}
KERB_BOTH("kpasswd_service: a request that comes again is a replay", "[exchange][rfc3244-2][rfc4120-3.2.3]", replays);

constexpr bool asks_a_replay_cache() {
  kpasswd_world world;
  auto params = world.service_params();
  params.ap.replays = replay_rule::by_application;
  return world.serve(world.request(new_password), params, {}, false).why.code == errc::replayed;
}
KERB_BOTH("kpasswd_service: no parameter turns the replay cache off", "[exchange][rfc4120-3.2.3]", asks_a_replay_cache);

constexpr bool no_bindings() {
  kpasswd_world world;
  auto params = world.service_params();
  params.ap.binding = binding_rule::require;
  params.ap.mutual = required;
  world.w.options = {};
  return world.serve(world.request(new_password), params).replied;
}
KERB_BOTH("kpasswd_service: parameters of GSS-API and for mutual authentication are not used", "[exchange][rfc3244-2]",
          no_bindings);

constexpr kerberos_string krbtgt_parts[] = {"krbtgt"_krb, "EX.ORG"_krb};
constexpr principal_view krbtgt{{name_t::srv_inst, krbtgt_parts}, "EX.ORG"_krb};

// Samba's CVE-2022-2031 and CVE-2022-32744: a service that tries each of its keys takes tickets of others.
constexpr bool other_services() {
  for (const principal_view& other : {krbtgt, web}) {
    for (const bool any : {false, true}) {
      kpasswd_world world;
      world.w.service = other;
      auto params = world.service_params();
      if (any) params.ap.service = std::optional<principal_view>{};
      else params.ap.service = changepw;
      kpasswd_service<policy> x(params);
      const auto step = x.receive(world.request(new_password), world.turn());
      if (!is<refused>(step) || std::get<refused>(step).why.code != errc::wrong_service) return false;
      if (!any && open_result(std::get<refused>(step).octets, error_code_t::krb_ap_err_not_us, true) !=
                      kpasswd_result_t::autherror)
        return false;
    }
  }
  return true;
}
KERB_BOTH("kpasswd_service: a ticket for another service is refused before a key is asked for",
          "[exchange][rfc3244-2][cve-2022-2031][cve-2022-32744]", other_services);

constexpr bool user_to_user() {
  kpasswd_world world;
  world.w.options = {ap_option_t::use_session_key};
  auto params = world.service_params();
  params.ap.user_to_user = true;
  return world.serve(world.request(new_password), params).why.code == errc::session_key_ticket;
}
KERB_BOTH("kpasswd_service: a ticket under a session key is refused", "[exchange][rfc3244-2]", user_to_user);

constexpr bool other_versions() {
  for (const std::uint16_t version : {std::uint16_t{0}, std::uint16_t{2}, std::uint16_t{0xff81}}) {
    kpasswd_world world;
    asked_parts p;
    p.version = version;
    const auto s = world.serve(world.request(new_password, std::move(p)));
    if (s.own || s.why.code != errc::wrong_constant ||
        open_result(s.octets, error_code_t::krb_ap_err_badversion, true) != kpasswd_result_t::bad_version)
      return false;
  }
  return true;
}
KERB_BOTH("kpasswd_service: an unknown version is refused with a result that tells so", "[exchange][rfc3244-2]",
          other_versions);

constexpr bool other_kind() {
  kpasswd_world old_kind, new_kind;
  const change_data data(data_for(bob));
  const auto a = old_kind.serve(old_kind.request(data.view));
  const auto b = new_kind.serve(new_kind.request(new_password, to_set()));
  return !a.own && sealed_result(old_kind, a.octets) == kpasswd_result_t::bad_version && !b.own &&
         sealed_result(new_kind, b.octets) == kpasswd_result_t::malformed;
}
KERB_BOTH("kpasswd_service: a request whose version was changed on the way changes no password",
          "[exchange][rfc3244-2]", other_kind);

constexpr bool bad_data() {
  msg::ChangePasswdData no_name = data_for({}), empty = data_for({});
  no_name.targrealm = "EX.ORG"_krb;
  empty.newpasswd = bytes_view();
  const change_data without_name(no_name), without_password(empty);
  const change_data good(data_for(bob));
  const bytes_view cases[] = {without_name.view, without_password.view, good.view.first(good.view.size() - 1), {}};
  for (const bytes_view one : cases) {
    kpasswd_world world;
    const auto s = world.serve(world.request(one, to_set()));
    if (s.own || s.replied || sealed_result(world, s.octets) != kpasswd_result_t::malformed) return false;
  }
  kpasswd_world world;
  const auto s = world.serve(world.request({}));
  return !s.own && sealed_result(world, s.octets) == kpasswd_result_t::malformed;
}
KERB_BOTH("kpasswd_service: malformed data in a sealed request get a sealed result", "[exchange][rfc3244-2]", bad_data);

// CVE-2002-2443: MIT krb5's service answered its own answers, for ever.
constexpr bool no_answer_to_answers() {
  const auto silent = [](kpasswd_world& world, bytes_view octets) {
    const auto s = world.serve(octets);
    return !s.own && !s.replied && s.octets.empty() && s.why.code != errc::ok;
  };
  kpasswd_world world, other;
  const octet_array answer(other.serve(other.request(new_password)).octets);
  other.w.ticket.endtime = {};
  const octet_array framed(other.serve(other.request(new_password)).octets);
  const octet_array bare(other.krb_error({}));
  const octet_array half(other.request(new_password).first(100));
  constexpr auto short_frame = "0006000100"_hex;
  constexpr auto empty_frame = "000600010000"_hex;
  constexpr auto other_message = "000a0001000275007500"_hex;  // no AP-REQ, but nothing that a service answers with
  return silent(world, answer.view()) && !framed.view().empty() && silent(world, framed.view()) &&
         silent(world, bare.view()) && silent(world, half.view()) && silent(world, short_frame) &&
         silent(world, empty_frame) && silent(world, other_message) && silent(world, {});
}
KERB_BOTH("kpasswd_service: answers, and what is no request, get no answer", "[exchange][rfc3244-2][cve-2002-2443]",
          no_answer_to_answers);

constexpr bool no_amplification() {
  kpasswd_world world;
  constexpr auto tag = "6e00"_hex;
  const octet_array request(world.frame({kpasswd_frame::change_version, tag, {}}));
  auto params = world.service_params();
  const octet_array answer(world.serve(request.view(), params).octets);
  params.ap.arrived = transport::datagram;
  const auto none = world.serve(request.view(), params);
  kpasswd_world genuine;
  genuine.w.ticket.endtime = {};
  auto in_datagram = genuine.service_params();
  in_datagram.ap.arrived = transport::datagram;
  return open_result(answer.view(), error_code_t::krb_err_generic, true) == kpasswd_result_t::malformed &&
         none.octets.empty() && is_malformed(none.why.code) &&
         !genuine.serve(genuine.request(new_password), in_datagram).octets.empty();
}
KERB_BOTH("kpasswd_service: a KRB-ERROR is not longer than the datagram that it answers", "[exchange][rfc3244-2]",
          no_amplification);

TEST_CASE("kpasswd_service: a bit flipped in a request changes no password, or what was asked",
          "[exchange][rfc3244-2]") {
  for (const bool set : {false, true}) {
    kpasswd_world world;
    const change_data data(data_for(bob));
    octet_list request = copy(set ? world.request(data.view, to_set()) : world.request(new_password));
    std::size_t asked = 0;
    for (std::size_t bit = 0; bit != 8 * request.size(); ++bit) {
      request[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      const auto s = world.serve(request);
      request[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      if (!s.own) {
        CHECK(s.why.code != errc::ok);
        continue;
      }
      ++asked;  // a bit that nothing authenticates, such as an AP option
      CHECK(s.own == !set);
      CHECK(s.has_password(new_password));
      CHECK(same_principal(s.target, set ? bob : alice));
    }
    CHECK(asked < 400);  // options, the key's version and other names' types: they are in the clear, and name no party
    CHECK(world.serve(request).own);
  }
}
TEST_CASE("kpasswd_service: a request that ends early gets no answer", "[exchange][rfc3244-2]") {
  kpasswd_world world;
  const octet_list request = copy(world.request(new_password));
  for (std::size_t n = 0; n != request.size(); ++n) {
    const auto s = world.serve(bytes_view(request).first(n));
    CHECK(!s.own);
    CHECK(s.octets.empty());
  }
  // And with lengths that agree, but a message that ends early
  const auto frame = kerb_test::must(read_kpasswd_frame(request));
  for (std::size_t n = 0; n != frame.message.size(); ++n) {
    kpasswd_world other;
    const octet_list cut = copy(other.frame({1, frame.ap, frame.message.first(n)}));
    const auto s = other.serve(cut);
    CHECK(!s.own);
    CHECK(open_result(s.octets, error_code_t::krb_err_generic, true) == kpasswd_result_t::malformed);
  }
}

TEST_CASE("kpasswd_service: text for the user is cut, and ends before a control character", "[exchange][rfc3244-2]") {
  const std::string longest(max_kpasswd_text, 'x'), umlauts = std::string(max_kpasswd_text - 1, 'x') + "\xc3\xb6";
  const struct {
    std::string sent, shown;
  } cases[] = {{"too short", "too short"},
               {"one\ntwo\tthree", "one\ntwo\tthree"},
               {"a\x1b[2J", "a"},
               {longest, longest},
               {longest + "y", longest},
               {umlauts, std::string(max_kpasswd_text - 1, 'x')},
               {"", ""}};
  for (const auto& one : cases) {
    kpasswd_world world;
    const octet_list request = copy(world.request(new_password));
    const auto s = world.serve(request, {kpasswd_result_t::softerror, octets_of(std::string_view(one.sent))});
    REQUIRE(s.replied);
    const auto frame = kerb_test::must(read_kpasswd_frame(s.octets));
    const auto priv = kerb_test::must(asn1::decode<msg::KrbPriv>(frame.message));
    std::array<std::uint8_t, 2048> octets{};
    detail::workspace in{std::span(octets)};
    const auto plain =
        kerb_test::must(open_sealed(world.w.policy, priv.enc_part, world.subkey(), key_usage_t::krb_priv_enc_part, in));
    const auto part = kerb_test::must(asn1::decode<msg::EncKrbPrivPart>(bytes_view(plain)));
    const auto r = kerb_test::must(read_kpasswd_result(part.user_data));
    CHECK(std::string(r.text.begin(), r.text.end()) == one.shown);
    CHECK(same_address(part.s_address, from_acceptor));
  }
}

/// Runs a service by hand in a buffer of the caller.
struct by_hand {
  kpasswd_world world;
  octet_list request;
  key service_key;
  by_hand() : request(copy(world.request(new_password))), service_key(world.w.service_key()) {}
  kpasswd_service_params params(std::span<std::uint8_t> buffer) {
    auto p = world.service_params();
    p.ap.buffer = buffer;
    return p;
  }
  service::step until_asked(service& x) {
    auto s = x.receive(request, world.turn());
    if (is<need_ticket_key>(s)) s = x.provide(service_key, world.turn());
    if (is<check_replay>(s)) s = x.replay_checked(true, world.turn());
    return s;
  }
};

TEST_CASE("kpasswd_service: the buffer that it asks for is enough, and one octet less is not", "[exchange]") {
  by_hand h;
  octet_list small(1), exact, less;
  service x(h.params(small));
  const auto first = x.receive(h.request, h.world.turn());
  REQUIRE(is<need_buffer>(first));
  const std::size_t n = std::get<need_buffer>(first).size;
  CHECK(!std::get<need_buffer>(first).for_reply);
  less.resize(n - 1);
  REQUIRE(x.set_buffer(less));
  const auto again = x.receive(h.request, h.world.turn());
  REQUIRE(is<need_buffer>(again));
  CHECK(std::get<need_buffer>(again).size == n);
  exact.resize(n);
  REQUIRE(x.set_buffer(exact));
  REQUIRE(is<change_password>(h.until_asked(x)));
  const std::string longest(max_kpasswd_text, 'x');
  const auto last = x.answer(kpasswd_result_t::softerror, kerberos_string::of(longest), h.world.turn());
  REQUIRE(is<reply>(last));
  CHECK(sealed_result(h.world, std::get<reply>(last).octets) == kpasswd_result_t::softerror);
  CHECK(x.framed().size() == std::get<reply>(last).octets.size() + 4);
  (void)x.abandon({.code = errc::no_answer});
  CHECK(x.framed().empty());
}

TEST_CASE("kpasswd_service: nothing of the password or the keys outlives the answer", "[exchange][rfc3244-2]") {
  for (const unsigned failing : {0u, 1u, 2u}) {  // the draw that fails
    by_hand h;
    octet_list buffer(8192);
    service x(h.params(buffer));
    REQUIRE(is<change_password>(h.until_asked(x)));
    CHECK(holds(buffer, new_password));
    CHECK(holds(buffer, alice_parts[0].octets));
    h.world.w.policy.entropy.fail_at = failing == 0 ? 0 : h.world.w.policy.entropy.draws() + failing;
    const auto last = x.answer(kpasswd_result_t::success, {}, h.world.turn());
    CHECK(failure(last) == (failing == 0 ? errc::ok : errc::entropy));
    CHECK(is<reply>(last) == (failing == 0));
    CHECK(!holds(buffer, new_password));
    CHECK(!holds(buffer, alice_parts[0].octets));  // nothing of the opened ticket
    CHECK(!holds(buffer, session_octets));
    CHECK(!holds(buffer, subkey_octets));
    CHECK(failure(x.answer(kpasswd_result_t::success, {}, h.world.turn())) ==
          (failing == 0 ? errc::api_misuse : errc::entropy));
  }
}
TEST_CASE("kpasswd_service: a refusal draws as an answer does, and fails without randomness", "[exchange]") {
  for (const unsigned failing : {1u, 2u}) {
    by_hand h;
    h.world.w.ticket.flags = {};
    h.request = copy(h.world.request(new_password));
    octet_list buffer(8192);
    service x(h.params(buffer));
    h.world.w.policy.entropy.fail_at = h.world.w.policy.entropy.draws() + failing;
    CHECK(failure(h.until_asked(x)) == errc::entropy);
    CHECK(!holds(buffer, new_password));
  }
}

TEST_CASE("kpasswd_service: a whole exchange allocates nothing", "[exchange]") {
  by_hand h;
  octet_list buffer(8192);
  service::step last = need_buffer{};
  {
    const kerb_test::no_allocations none;
    service x(h.params(buffer));
    (void)h.until_asked(x);
    last = x.answer(kpasswd_result_t::success, {}, h.world.turn());
  }
  CHECK(is<reply>(last));
}

TEST_CASE("kpasswd_service: without a key the client is told, and the log which key there was none of",
          "[exchange][rfc3244-2]") {
  by_hand h;
  octet_list buffer(8192);
  service x(h.params(buffer));
  REQUIRE(is<need_ticket_key>(x.receive(h.request, h.world.turn())));
  const auto asked = kerb_test::must(x.key_lookup());
  CHECK(same_principal(asked.ticket.service, changepw));
  const auto none = x.no_key(errc::no_key, h.world.turn());
  REQUIRE(is<refused>(none));
  CHECK(std::get<refused>(none).why.code == errc::no_key);
  CHECK(open_result(std::get<refused>(none).octets, error_code_t::krb_ap_err_nokey, true) ==
        kpasswd_result_t::autherror);
}

using keys_t = key_list<key, 4>;

TEST_CASE("serve: a password service answers from keys, a replay cache and a function", "[exchange][rfc3244-2]") {
  by_hand h;
  keys_t keys;
  REQUIRE(keys.add(changepw, 3, h.world.w.service_etype, h.world.w.service_key()));
  memory_replay_cache<64> seen;
  octet_list small(16), larger;
  const auto grow = [&](std::size_t n) {
    larger.resize(n);
    return std::span(larger);
  };
  unsigned changes = 0;
  const auto change = [&](const change_password& c) {
    ++changes;
    CHECK(c.is_own);
    return kpasswd_result{kpasswd_result_t::success, {}};
  };
  service x(h.params(small));
  const auto answer = serve(x, h.request, h.world.w.policy, keys, seen, h.world.w.now, change, {}, grow);
  REQUIRE(answer);
  CHECK(sealed_result(h.world, *answer) == kpasswd_result_t::success);
  octet_list buffer(8192);
  service again(h.params(buffer));
  const auto replayed = serve(again, h.request, h.world.w.policy, keys, seen, h.world.w.now, change);
  REQUIRE(replayed);
  CHECK(open_result(*replayed, error_code_t::krb_ap_err_repeat, true) == kpasswd_result_t::autherror);
  CHECK(changes == 1);
  service keyless(h.params(buffer));
  keys_t no_keys;
  memory_replay_cache<64> other;
  const auto refusal = serve(keyless, h.request, h.world.w.policy, no_keys, other, h.world.w.now, change);
  CHECK(open_result(kerb_test::must(refusal), error_code_t::krb_ap_err_nokey, true) == kpasswd_result_t::autherror);
  service tight(h.params(small));
  const auto none = serve(tight, h.request, h.world.w.policy, keys, other, h.world.w.now, change);
  CHECK(none.error().code == errc::no_space);
  service dry(h.params(buffer));
  h.world.w.policy.entropy.fail_at = h.world.w.policy.entropy.draws() + 1;
  CHECK(serve(dry, h.request, h.world.w.policy, keys, other, h.world.w.now, change).error().code == errc::entropy);
}

TEST_CASE("kpasswd_service: the answer names the service's address", "[exchange][rfc3244-2]") {
  constexpr auto here = "c0000207"_hex;
  kpasswd_world world;
  const octet_list request = copy(world.request(new_password));
  auto params = world.service_params();
  params.local = msg::HostAddress{addr_t::ipv4, here};
  const auto s = world.serve(request, params);
  CHECK(sealed_result(world, s.octets) == kpasswd_result_t::success);
  CHECK(holds(s.octets, here));  // this policy hides nothing
}

TEST_CASE("kpasswd_service: the answer names no address that may be in no message", "[exchange][rfc4120-7.1]") {
  constexpr auto link_local = "fe800000000000000000000000c00007"_hex;
  kpasswd_world world;
  const octet_list request = copy(world.request(new_password));
  auto params = world.service_params();
  params.local = msg::HostAddress{addr_t::ipv6, link_local};
  const auto s = world.serve(request, params);
  CHECK(sealed_result(world, s.octets) == kpasswd_result_t::success);
  CHECK_FALSE(holds(s.octets, link_local));
}
TEST_CASE("kpasswd_service: a KRB-ERROR has the time of the authenticator once that has opened",
          "[exchange][rfc4120-5.9.1]") {
  for (const bool opens : {false, true}) {
    kpasswd_world world;
    asked_parts p;
    p.subkey = false;
    if (!opens) world.w.service_etype = etype_t::aes128_cts_hmac_sha1_96, world.w.service = web;
    const auto s = world.serve(world.request(new_password, std::move(p)));
    const auto frame = kerb_test::must(read_kpasswd_frame(s.octets));
    const auto e = kerb_test::must(asn1::decode<msg::KrbError>(frame.message));
    CHECK(s.why.code == (opens ? errc::missing_field : errc::wrong_service));
    CHECK(e.ctime.has_value() == opens);
    CHECK(e.cusec.has_value() == opens);
    if (opens) CHECK((e.ctime == world.w.authenticator.ctime && e.cusec == world.w.authenticator.cusec));
  }
}

TEST_CASE("kpasswd_service: a number of any length fits", "[exchange][rfc3244-2]") {
  by_hand h;
  std::set<std::size_t> sizes;
  for (int i = 0; i != 400; ++i) {
    octet_list buffer(8192);
    service x(h.params(buffer));
    REQUIRE(is<change_password>(h.until_asked(x)));
    const auto last = x.answer(kpasswd_result_t::success, {}, h.world.turn());
    REQUIRE(is<reply>(last));
    REQUIRE(sealed_result(h.world, std::get<reply>(last).octets) == kpasswd_result_t::success);
    sizes.insert(std::get<reply>(last).octets.size());
  }
  CHECK(sizes.size() > 1);  // one number in 128 is shorter
}

}  // namespace
