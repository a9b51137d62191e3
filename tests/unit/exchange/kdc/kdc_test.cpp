// One exchange for both kinds of request.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using world = kerb_kdc_test::kdc_world;
using machine = kdc<testing::insecure_policy>;

constexpr bool a_request_finds_its_machine() {
  world w;
  const auto t = w.env_now();
  machine as(w.settings, std::span(w.scratch));
  if (as.as() != nullptr || as.tgs() != nullptr || !is<need_principal>(as.receive(w.as_req(), t))) return false;
  machine tgs(w.settings, std::span(w.scratch));
  if (!is<need_principal>(tgs.receive(w.tgs_req(), t))) return false;
  return as.as() != nullptr && as.tgs() == nullptr && tgs.as() == nullptr && tgs.tgs() != nullptr;
}
KERB_BOTH("kdc: an AS-REQ goes to the AS and a TGS-REQ to the TGS", "[exchange][rfc4120-3.1.3]",
          a_request_finds_its_machine);

constexpr bool anything_else_gets_no_answer() {
  world w;
  const auto t = w.env_now();
  for (unsigned first = 0; first != 256; ++first) {
    if (first == 0x6a || first == 0x6c) continue;
    const std::uint8_t octets[] = {static_cast<std::uint8_t>(first), 0x02, 0x30, 0x00};
    machine x(w.settings, std::span(w.scratch), {.arrived = transport::datagram});
    const kdc_step s = x.receive(octets, t);
    const auto* no = std::get_if<refused>(&s);
    if (no == nullptr || !no->octets.empty() || no->why.code != errc::unexpected_message || !x.framed().empty())
      return false;
  }
  machine x(w.settings, std::span(w.scratch));
  const kdc_step s = x.receive({}, t);
  const auto* no = std::get_if<refused>(&s);
  as_kdc<testing::insecure_policy> as(w.settings, std::span(w.scratch), {.arrived = transport::datagram});
  world other;
  const kdc_step to_as = as.receive(other.tgs_req(), t);
  const auto* silent = std::get_if<refused>(&to_as);
  return no != nullptr && no->octets.empty() && silent != nullptr && silent->octets.empty();
}
KERB_BOTH("kdc: a datagram that is no request gets no answer", "[exchange][rfc4120-5.1.4]",
          anything_else_gets_no_answer);

constexpr bool a_wrong_tag_on_a_stream_is_named() {
  world w;
  const auto t = w.env_now();
  const auto named = [](const kdc_step& s) {
    const auto* no = std::get_if<refused>(&s);
    if (no == nullptr || no->why.code != errc::unexpected_message) return false;
    const auto e = asn1::decode<msg::KrbError>(no->octets);
    return e && e->error_code == error_code_t::krb_ap_err_msg_type;
  };
  for (unsigned first = 0; first != 256; ++first) {
    if (first == 0x6a || first == 0x6c) continue;
    const std::uint8_t octets[] = {static_cast<std::uint8_t>(first), 0x02, 0x30, 0x00};
    machine x(w.settings, std::span(w.scratch));
    const kdc_step s = x.receive(octets, t);
    const bool is_message = (first & 0xe0) == 0x60 && first != 0x7e;  // a KRB-ERROR gets no answer
    const auto* no = std::get_if<refused>(&s);
    if (no == nullptr || named(s) != is_message || no->octets.empty() == is_message) return false;
  }
  as_kdc<testing::insecure_policy> as(w.settings, std::span(w.scratch));
  tgs_kdc<testing::insecure_policy> tgs(w.settings, std::span(w.scratch));
  world other;
  return named(as.receive(other.tgs_req(), t)) && named(tgs.receive(other.as_req(), t));
}
KERB_BOTH("kdc: over a stream a message with a wrong tag is answered with its error", "[exchange][rfc4120-5.1.4]",
          a_wrong_tag_on_a_stream_is_named);

constexpr bool a_framed_answer_has_its_length_in_front() {
  world w;
  machine x(w.settings, std::span(w.scratch));
  w.body.realm = other_org;
  const kdc_step s = x.receive(w.as_req(), w.env_now());
  const auto* no = std::get_if<refused>(&s);
  const bytes_view framed = x.framed();
  return no != nullptr && framed.size() == no->octets.size() + 4 && framed[3] == no->octets.size() % 256 &&
         framed.subview(4) == no->octets;
}
KERB_BOTH("kdc: an answer can be had with its length in front", "[exchange][rfc4120-7.2.2]",
          a_framed_answer_has_its_length_in_front);

constexpr errc failure(const kdc_step& s) {
  const auto* f = std::get_if<failed>(&s);
  return f == nullptr ? errc::ok : f->why.code;
}
constexpr bool a_stream_is_given_up_by_a_fresh_exchange_alone() {
  for (const bool tgs : {false, true}) {
    world w;
    const auto t = w.env_now();
    machine x(w.settings, std::span(w.scratch));
    if (!is<need_principal>(x.receive(tgs ? w.tgs_req() : w.as_req(), t))) return false;
    if (failure(x.frame_too_long(t)) != errc::api_misuse || !x.framed().empty()) return false;
    if (failure(x.frame_too_long(t)) != errc::api_misuse) return false;
  }
  return true;
}
KERB_AT_RUN_TIME("kdc: frame_too_long is for an exchange that has been given nothing else", "[exchange][rfc4120-7.2.2]",
                 a_stream_is_given_up_by_a_fresh_exchange_alone);

constexpr bool a_call_before_the_request_ends_it() {
  for (int call = 0; call != 9; ++call) {
    world w;
    const auto t = w.env_now();
    const bytes_view request = w.as_req();
    machine x(w.settings, std::span(w.scratch));
    kdc_step s;
    switch (call) {
      case 0: s = x.found(w.client.record, t); break;
      case 1: s = x.refer_to(other_org, t); break;
      case 2: s = x.absent(t); break;
      case 3: s = x.unavailable(t); break;
      case 4: s = x.request_checked(request_verdict::fresh, t); break;
      case 5: s = x.issue({}, t); break;
      case 6: s = x.refuse(error_code_t::kdc_err_policy, t); break;
      case 7: s = x.signed_ticket(t); break;
      default: s = x.abandon({.code = errc::no_answer, .detail = 7}); break;
    }
    const errc first = call == 8 ? errc::no_answer : errc::api_misuse;
    if (failure(s) != first || failure(x.receive(request, t)) != first) return false;
    if (failure(x.frame_too_long(t)) != first || failure(x.absent(t)) != first) return false;
    if (failure(x.abandon({.code = errc::stream_ended})) != first) return false;
    std::array<std::uint8_t, 8192> other{};
    machine moved(std::move(x));
    if (failure(moved.receive(request, t)) != first || moved.set_buffer(other) || !moved.framed().empty()) return false;
  }
  return true;
}
KERB_BOTH("kdc: a call before the request ends the exchange, and every later call returns its error", "[exchange]",
          a_call_before_the_request_ends_it);

constexpr bool no_request_ends_it_too() {
  world w;
  const auto t = w.env_now();
  const std::uint8_t junk[] = {0x30, 0x00};
  machine x(w.settings, std::span(w.scratch), {.arrived = transport::datagram});
  if (!is<refused>(x.receive(junk, t)) || failure(x.receive(w.as_req(), t)) != errc::api_misuse) return false;
  machine y(w.settings, std::span(w.scratch), {.arrived = transport::datagram});
  return failure(y.receive(junk, {w.crypto, {{latest_time.seconds + 1}, {0}}})) == errc::clock_out_of_range;
}
KERB_BOTH("kdc: a datagram that is no request ends the exchange, and the clock is checked before", "[exchange]",
          no_request_ends_it_too);

/// Every call; none of them may go on.
template <class X>
constexpr bool is_of_no_use(X& x, world& w, bool tgs) {
  const auto t = w.env_now();
  const bytes_view request = tgs ? w.tgs_req() : w.as_req();
  const auto misuse = [](const kdc_step& s) { return failure(s) == errc::api_misuse; };
  return misuse(x.receive(request, t)) && misuse(x.found(w.client.record, t)) && misuse(x.refer_to(other_org, t)) &&
         misuse(x.absent(t)) && misuse(x.unavailable(t)) && misuse(x.request_checked(request_verdict::fresh, t)) &&
         misuse(x.issue({}, t)) && misuse(x.refuse(error_code_t::kdc_err_policy, t)) && misuse(x.signed_ticket(t)) &&
         misuse(x.frame_too_long(t)) && x.framed().empty();
}
/// Moved at each state, once by each way, and it is of no use from the first call on, whichever that is.
template <class X>
constexpr bool moved_at(int state, bool tgs, int first_call) {
  world w;
  w.settings.check_requests = true;
  const auto t = w.env_now();
  X x(w.settings, std::span(w.scratch));
  kdc_step s;
  if (state > 0) s = x.receive(tgs ? w.tgs_req() : w.as_req(), t);
  if (state > 1) s = x.found(tgs ? w.tgs.record : w.client.record, t);
  if (state > 2 && tgs) s = x.request_checked(request_verdict::fresh, t);
  if (state > 2) s = x.found(tgs ? w.service.record : w.tgs.record, t);
  if (state > 3) s = x.issue({.reserved_octets = 8}, t);
  if (state > 4) s = x.signed_ticket(t);
  if (failure(s) != errc::ok) return false;
  X moved(std::move(x));
  X assigned(w.settings, std::span<std::uint8_t>());
  assigned = std::move(moved);
  for (X* left : {&x, &moved}) {
    kdc_step first;
    switch (first_call) {
      case 0: first = left->receive(tgs ? w.tgs_req() : w.as_req(), t); break;
      case 1: first = left->found(w.tgs.record, t); break;
      case 2: first = left->request_checked(request_verdict::fresh, t); break;
      case 3: first = left->issue({}, t); break;
      case 4: first = left->signed_ticket(t); break;
      case 5: first = left->frame_too_long(t); break;
      default: first = left->absent(t); break;
    }
    if (failure(first) != errc::api_misuse || !is_of_no_use(*left, w, tgs)) return false;
  }
  // And the one that it was moved to goes on
  switch (state) {
    case 0: return is<need_principal>(assigned.receive(tgs ? w.tgs_req() : w.as_req(), t));
    case 1: return failure(assigned.found(tgs ? w.tgs.record : w.client.record, t)) == errc::ok;
    case 2:
      return tgs ? is<need_principal>(assigned.request_checked(request_verdict::fresh, t))
                 : is<authorize>(assigned.found(w.tgs.record, t));
    case 3: return is<reply>(assigned.issue({}, t));
    case 4: return is<reply>(assigned.signed_ticket(t));
    default: return !assigned.framed().empty();
  }
}
template <class X>
constexpr bool what_was_moved_from_is_of_no_use(bool tgs) {
  for (int state = 0; state != 6; ++state)
    for (int first_call = 0; first_call != 7; ++first_call)
      if (!moved_at<X>(state, tgs, first_call)) return false;
  return true;
}
KERB_AT_RUN_TIME("kdc: what was moved from is of no use in any state, and what it was moved to goes on", "[exchange]",
                 [] {
                   return what_was_moved_from_is_of_no_use<machine>(false) &&
                          what_was_moved_from_is_of_no_use<machine>(true);
                 });
KERB_AT_RUN_TIME("as_kdc: what was moved from is of no use in any state", "[exchange]",
                 [] { return what_was_moved_from_is_of_no_use<as_kdc<testing::insecure_policy>>(false); });
KERB_AT_RUN_TIME("tgs_kdc: what was moved from is of no use in any state", "[exchange]",
                 [] { return what_was_moved_from_is_of_no_use<tgs_kdc<testing::insecure_policy>>(true); });

constexpr bool a_datagram_that_no_client_sends_brings_no_more_than_it_is_long() {
  world w;
  constexpr std::uint8_t of_as[] = {0x6a, 0x07, 0x30, 0x05, 0xa1, 0x03, 0x02, 0x01, 0x04},
                         of_tgs[] = {0x6c, 0x07, 0x30, 0x05, 0xa1, 0x03, 0x02, 0x01, 0x04};
  const auto brings = [&](bytes_view octets, transport c) {
    w.peer.arrived = c;
    return w.ask(octets).octets.size();
  };
  for (const bytes_view octets : {bytes_view(of_as), bytes_view(of_tgs)})
    if (brings(octets, transport::datagram) != 0 || brings(octets, transport::stream) == 0) return false;
  // A client's own request in another version or of another type still learns what is wrong with it
  for (const bool tgs : {false, true}) {
    const bytes_view good = tgs ? w.tgs_req() : w.as_req();
    std::array<std::uint8_t, 4096> copy{};
    std::size_t pvno = 4;
    while (good[pvno - 4] != 0xa1 || good[pvno - 3] != 3) ++pvno;
    for (const std::size_t at : {pvno, pvno + 5}) {
      detail::copy_octets(good.data(), good.size(), copy.data());
      ++copy[at];
      const std::size_t n = brings(bytes_view(copy).first(good.size()), transport::datagram);
      if (n == 0 || n > good.size()) return false;
    }
  }
  return true;
}
KERB_AT_RUN_TIME("kdc: a datagram that is no request of a client brings no more octets than it has",
                 "[exchange][rfc4120-7.2.1]", a_datagram_that_no_client_sends_brings_no_more_than_it_is_long);
}  // namespace
