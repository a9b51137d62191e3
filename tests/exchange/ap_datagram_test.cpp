// What a service that is reached by datagrams answers: the sender can have forged its address.
#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {
using acceptor = ap_acceptor<testing::insecure_policy>;

/// The octets of the refusal; none if there was no refusal.
constexpr std::optional<std::size_t> refusal_of(bytes_view octets, transport arrived) {
  testing::insecure_policy policy;
  std::array<std::uint8_t, 2048> buffer{};
  acceptor x({.service = web, .buffer = buffer, .arrived = arrived});
  const environment env{policy, timestamp{{1767268800}, {250000}}};
  const auto s = x.receive(octets, env);
  const auto* const no = std::get_if<refused>(&s);
  if (no == nullptr || no->octets != x.refusal() || (no->octets.empty() && !x.framed().empty())) return std::nullopt;
  return no->octets.size();
}
constexpr bool a_short_datagram_gets_no_answer() {
  std::array<std::uint8_t, 512> other{};
  other[0] = 0x6c;                                                                  // the tag of another message
  const std::array<std::uint8_t, 7> cut{0x6e, 0x82, 0x01, 0x00, 0x30, 0x00, 0x00};  // an AP-REQ, cut off
  const auto full = refusal_of({}, transport::stream);
  if (!full || *full == 0) return false;
  const auto by_datagram = [&](std::size_t n) { return refusal_of(bytes_view(other).first(n), transport::datagram); };
  return refusal_of({}, transport::datagram) == 0 && refusal_of(cut, transport::datagram) == 0 &&
         refusal_of(cut, transport::stream) > 0 && by_datagram(*full - 1) == 0 && by_datagram(*full) == *full &&
         by_datagram(512) == *full;
}
KERB_BOTH("ap_acceptor: the refusal of a datagram is never longer than the datagram", "[exchange][rfc4120-3.2.3]",
          a_short_datagram_gets_no_answer);

/// An AP-REQ with this name of the service, and a ticket that nobody can open.
constexpr bytes_view junk_for(const principal_view& service, std::span<std::uint8_t> out) {
  constexpr std::uint8_t junk[1] = {};
  std::array<std::uint8_t, 256> ticket{};
  const msg::Ticket t{service.realm, service.name, {etype_t(18), {}, junk}};
  return must(asn1::encode(
      msg::BasicApReq<msg::EncryptedData>{
          {}, captured<msg::Ticket>::as_sent(must(asn1::encode(t, ticket))), {etype_t(18), {}, junk}},
      out));
}
constexpr bool a_short_request_for_another_service_gets_no_answer() {
  constexpr kerberos_string x[] = {""_krb};
  std::array<std::uint8_t, 512> small{}, large{};
  const bytes_view tiny = junk_for({{name_t::principal, x}, ""_krb}, small);
  const bytes_view ordinary = junk_for(ftp, large);
  return refusal_of(tiny, transport::stream) > tiny.size() && refusal_of(tiny, transport::datagram) == 0 &&
         refusal_of(ordinary, transport::datagram) == refusal_of(ordinary, transport::stream);
}
KERB_BOTH("ap_acceptor: nor if the datagram is an AP-REQ", "[exchange][rfc4120-3.2.3]",
          a_short_request_for_another_service_gets_no_answer);
}  // namespace
