// A service and its memory: what counts as a replay, what does not, and what never gets as far as the question.
#include <kerb/botan.hpp>
#include <kerb/exchange/service/accept.hpp>
#include <vector>

#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

/// Counts what it is asked, and remembers.
struct counting_store {
  memory_replay_cache<64> seen;
  int asked = 0;
  constexpr replay_verdict insert(const std::array<std::uint8_t, 32>& digest, kerberos_time forget_after,
                                  kerberos_time now) noexcept {
    ++asked;
    return seen.insert(digest, forget_after, now);
  }
};

/// A service that takes a ticket for any of its names: all are of one key, and the clear name is anybody's to change.
template <class C>
struct desk {
  basic_ap_world<C> w;
  typename C::key service_key = w.service_key();
  counting_store store;
  unsigned finds = 0;
  std::array<std::uint8_t, 4096> buffer{};
  std::array<std::uint8_t, 2048> changed{};
  bool told = false;  ///< the last refusal was a KRB_AP_ERR_REPEAT

  constexpr desk() { w.request.service = std::optional<principal_view>{}; }
  constexpr const typename C::key* find(const need_ticket_key& ask) {
    ++finds;
    return ask.tried == 0 ? &service_key : nullptr;
  }
  static constexpr kerberos_string realm_of(const need_ticket_key&) { return web.realm; }
  constexpr errc why_none(const need_ticket_key&) const { return errc::no_key; }

  constexpr errc present(bytes_view token) {
    ap_acceptor<C> a(w.request_in(buffer));
    const auto who = accept(a, token, w.policy, *this, store, w.now);
    const auto e = asn1::decode<msg::KrbError>(a.refusal());
    told = e && e->error_code == error_code_t::krb_ap_err_repeat;
    return who ? errc::ok : who.error().code;
  }
  constexpr bool is_replay(bytes_view token) { return present(token) == errc::replayed && told; }
  /// `token` with other clear parts.
  template <class F>
  constexpr bytes_view rewritten(bytes_view token, F&& f) {
    auto req = kerb_test::must(asn1::decode<msg::ApReq>(token));
    msg::Ticket ticket = req.ticket.value();
    f(req, ticket);
    return kerb_test::must(
        asn1::encode(msg::ApReq{req.ap_options, captured<msg::Ticket>::of(ticket), req.authenticator}, changed));
  }
};
using insecure = testing::insecure_policy;

template <class C>
constexpr bool a_rewritten_one_is_a_replay() {
  desk<C> d;
  d.w.authenticator.seq_number = std::optional<std::uint32_t>{};  // nothing but client and time to tell it by
  d.w.request.trust_unchecked_path = true;
  const bytes_view token = d.w.mint();
  if (d.present(token) != errc::ok || !d.is_replay(token)) return false;
  const auto still = [&](auto&& f) { return d.is_replay(d.rewritten(token, f)); };
  using msg::ApReq;
  using msg::Ticket;
  return still([](ApReq&, Ticket& t) { t.sname = ftp.name; }) &&
         still([](ApReq&, Ticket& t) { t.sname.name_type = name_t::unknown; }) &&
         still([](ApReq&, Ticket& t) { t.realm = "OTHER.ORG"_krb; }) &&
         still([](ApReq&, Ticket& t) { t.enc_part.kvno = 77; }) &&
         still([](ApReq&, Ticket& t) { t.enc_part.kvno = std::optional<std::uint32_t>{}; }) &&
         still([](ApReq& r, Ticket&) { r.authenticator.kvno = 77; }) &&
         still([](ApReq& r, Ticket&) { r.ap_options = {}; }) && d.store.asked == 9;
}
KERB_BOTH("replay: an AP-REQ whose clear parts are rewritten is the same one", "[exchange][store][rfc4120-3.2.3]",
          a_rewritten_one_is_a_replay<insecure>);
TEST_CASE("replay: an AP-REQ whose clear parts are rewritten is the same one, under Botan",
          "[exchange][store][rfc4120-3.2.3]") {
  CHECK(a_rewritten_one_is_a_replay<botan::policy>());
}

/// The same authenticator with another ticket of the same session key, such as a KDC issues that renews by copying.
template <class C>
constexpr bool another_ticket_makes_no_difference() {
  desk<C> d;
  const bytes_view token = d.w.mint();
  const auto req = kerb_test::must(asn1::decode<msg::ApReq>(token));
  if (d.present(token) != errc::ok) return false;
  d.w.ticket.endtime.seconds += 3600;
  basic_ap_world<C> other;
  other.ticket.endtime.seconds += 3600;
  const auto renewed = kerb_test::must(asn1::decode<msg::Ticket>(other.mint_ticket()));
  return d.is_replay(d.rewritten(token, [&](msg::ApReq&, msg::Ticket& t) { t = renewed; })) &&
         !(renewed.enc_part.cipher == req.ticket->enc_part.cipher);
}
KERB_BOTH("replay: another ticket around the same authenticator makes it no other", "[exchange][store][rfc4120-3.2.3]",
          another_ticket_makes_no_difference<insecure>);

template <class C>
constexpr bool one_microsecond_for_all() {
  desk<C> d;
  const kerberos_string bob[] = {"bob"_krb};
  for (const bool without_number : {true, false}) {
    if (!without_number) d.w.authenticator.seq_number = 5;
    for (int i = 0; i != 3; ++i)  // one client, sealed anew
      if (d.present(d.w.mint()) != errc::ok) return false;
    basic_ap_world<C>& w = d.w;
    const auto name = w.ticket.cname;
    w.ticket.cname.name_string = bob;
    w.authenticator.cname.name_string = bob;
    if (d.present(w.mint()) != errc::ok) return false;
    w.ticket.crealm = "OTHER.ORG"_krb;  // the same name in another realm
    w.authenticator.crealm = "OTHER.ORG"_krb;
    w.request.trust_unchecked_path = true;
    if (d.present(w.mint()) != errc::ok) return false;
    w.service = ftp;  // another service, whose memory this is too
    const bytes_view last = w.mint();
    if (d.present(last) != errc::ok || !d.is_replay(last)) return false;
    w.service = web;
    w.ticket.crealm = w.authenticator.crealm = alice.realm;
    w.ticket.cname = w.authenticator.cname = name;
  }
  return true;
}
KERB_BOTH("replay: requests of one microsecond are no replays of each other, whosever they are",
          "[exchange][store][rfc4120-3.2.3]", one_microsecond_for_all<insecure>);
TEST_CASE("replay: requests of one microsecond are no replays of each other, under Botan",
          "[exchange][store][rfc4120-3.2.3]") {
  CHECK(one_microsecond_for_all<botan::policy>());
}

template <class C>
void the_store_is_asked_about_what_is_authentic() {
  desk<C> d;
  const bytes_view minted = d.w.mint();
  const std::vector<std::uint8_t> good(minted.begin(), minted.end());
  const auto req = asn1::decode<msg::ApReq>(good);
  REQUIRE(req);
  for (std::size_t n = 0; n != good.size(); ++n) CHECK(d.present(bytes_view(good).first(n)) != errc::ok);
  CHECK(d.store.asked == 0);
  for (const bytes_view sealed : {req->ticket->enc_part.cipher, req->authenticator.cipher}) {
    const auto from = static_cast<std::size_t>(sealed.data() - good.data());
    for (std::size_t bit = 8 * from; bit != 8 * (from + sealed.size()); ++bit) {
      std::vector<std::uint8_t> bad = good;
      bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ 1u << bit % 8);
      CHECK(d.present(bad) == errc::integrity);
    }
  }
  CHECK(d.store.asked == 0);
  CHECK(d.present(good) == errc::ok);
  CHECK(d.store.asked == 1);
}
TEST_CASE("replay: the store is never asked about octets that nobody has authenticated",
          "[exchange][store][rfc4120-3.2.3]") {
  the_store_is_asked_about_what_is_authentic<insecure>();
}
TEST_CASE("replay: the store is never asked about octets that nobody has authenticated, under Botan",
          "[exchange][store][rfc4120-3.2.3]") {
  the_store_is_asked_about_what_is_authentic<botan::policy>();
}

constexpr bool asked_last() {
  constexpr std::uint8_t here[] = {10, 0, 0, 1}, there[] = {10, 0, 0, 2};
  const msg::HostAddress only_here[] = {{addr_t::ipv4, here}};
  desk<insecure> d;
  basic_ap_world<insecure>& w = d.w;
  w.ticket.caddr = msg::HostAddresses{only_here};
  w.request.peer_address = msg::HostAddress{addr_t::ipv4, there};
  const bytes_view token = w.mint();
  const timestamp on_time = w.now;
  // Each refusal for another reason comes first, so that none of them spends the authenticator
  if (d.present(token) != errc::address_mismatch) return false;
  w.request.peer_address = msg::HostAddress{addr_t::ipv4, here};
  w.now.at.seconds += 301;
  if (d.present(token) != errc::clock_skew) return false;
  w.now = on_time;
  w.request.service = ftp;
  if (d.present(token) != errc::wrong_service) return false;
  w.request.service = web;
  return d.store.asked == 0 && d.present(token) == errc::ok && d.store.asked == 1 && d.is_replay(token);
}
KERB_BOTH("replay: the store is asked last, so that what is refused for another reason is not spent",
          "[exchange][store][rfc4120-3.2.3]", asked_last);

constexpr bool every_refusal_comes_before() {
  const auto asked = [](errc why, auto&& spoil) {
    desk<insecure> d;
    spoil(d.w);
    return d.present(d.w.mint()) == why && d.store.asked == 0;
  };
  using world = basic_ap_world<insecure>;
  return asked(errc::name_mismatch, [](world& w) { w.authenticator.crealm = "EVIL"_krb; }) &&
         asked(errc::name_mismatch, [](world& w) { w.authenticator.cname = web.name; }) &&
         asked(errc::path_not_checked, [](world& w) { w.authenticator.crealm = w.ticket.crealm = "OTHER.ORG"_krb; }) &&
         asked(errc::clock_skew, [](world& w) { w.authenticator.ctime.seconds += 301; }) &&
         asked(errc::clock_skew, [](world& w) { w.authenticator.ctime.seconds -= 301; }) &&
         asked(errc::ticket_not_yet_valid, [](world& w) { w.ticket.flags.set(ticket_flag_t::invalid); }) &&
         asked(errc::ticket_not_yet_valid, [](world& w) { w.ticket.starttime = plus(w.now.at, 301); }) &&
         asked(errc::ticket_expired, [](world& w) { w.ticket.endtime = plus(w.now.at, -301); }) &&
         asked(errc::ok, [](world&) {}) == false;
}
KERB_BOTH("replay: every other check comes before the store", "[exchange][store][rfc4120-3.2.3]",
          every_refusal_comes_before);

template <class C>
constexpr bool a_clock_that_jumps() {
  desk<C> d;
  basic_ap_world<C>& w = d.w;
  std::array<std::uint8_t, 2048> kept{};
  const bytes_view minted = w.mint();
  const std::span<std::uint8_t> early = std::span(kept).first(minted.size());
  for (std::size_t i = 0; i != early.size(); ++i) early[i] = minted[i];
  if (d.present(bytes_view(early)) != errc::ok) return false;
  const timestamp before = w.now;
  // The clock jumps ahead, so that the first is forgotten, and so much comes that its place is taken
  w.now.at.seconds += 302;
  w.authenticator.ctime = w.now.at;
  for (int i = 0; i != 256; ++i) (void)d.present(w.mint());
  w.now = before;
  return d.present(bytes_view(early)) == errc::replay_unknown;
}
KERB_BOTH("replay: a clock that jumps ahead and is set back lets none in again", "[exchange][store][rfc4120-3.2.3]",
          a_clock_that_jumps<insecure>);

TEST_CASE("replay: a service whose memory was lost refuses all that it may have accepted, for as long as that is",
          "[exchange][store][rfc4120-3.2.3]") {
  desk<insecure> d;
  std::vector<std::vector<std::uint8_t>> accepted;
  for (const std::int64_t ahead : {-300, -1, 0, 1, 300}) {
    d.w.authenticator.ctime = plus(d.w.now.at, ahead);
    const bytes_view token = d.w.mint();
    accepted.emplace_back(token.begin(), token.end());
    CHECK(d.present(accepted.back()) == errc::ok);
  }
  d.store.seen = memory_replay_cache<64>::after_loss(d.w.now.at, 300);
  for (int later = 0; later != 602; ++later, ++d.w.now.at.seconds) {
    for (const auto& token : accepted) CHECK(d.present(token) != errc::ok);
    d.w.authenticator.ctime = d.w.now.at;
    CHECK((d.present(d.w.mint()) == errc::ok) == (later > 300));
    if (later > 310) break;
  }
  for (const auto& token : accepted) CHECK(d.present(token) != errc::ok);
}

}  // namespace
