// What the types are: copied like memory, free of owners, and stuck to nothing that dies.
#include <kerb/asn1/payload.hpp>
#include <kerb/core/fixed.hpp>
#include <kerb/core/secret.hpp>
#include <kerb/msg/ap.hpp>
#include <kerb/msg/error.hpp>
#include <kerb/msg/kdc.hpp>
#include <kerb/msg/preauth.hpp>

namespace {

using namespace kerb;
using namespace kerb::msg;

// Messages are views: copying one copies no octets and frees nothing.
template <class... T>
inline constexpr bool are_views = (... && (std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T> &&
                                           std::is_default_constructible_v<T> && std::is_aggregate_v<T>));
static_assert(
    are_views<PrincipalName, HostAddress, AuthorizationDataElement, PaData, EncryptedData, EncryptionKey, Checksum>);
static_assert(
    are_views<Ticket, TransitedEncoding, EncTicketPart, KdcReqBody, AsReq, TgsReq, AsRep, TgsRep, LastReqEntry>);
static_assert(are_views<EncAsRepPart, EncTgsRepPart, ApReq, Authenticator, ApRep, EncApRepPart, KrbError>);
static_assert(are_views<PaEncTsEnc, EtypeInfoEntry, EtypeInfo2Entry>);
static_assert(std::is_trivially_copyable_v<error> && std::is_trivially_copyable_v<der::reader>);
static_assert(std::is_trivially_copyable_v<captured<Ticket>> && std::is_trivially_copyable_v<fixed<Ticket, 2>>);

// A step of an exchange carries a result: it costs its value and an error, no more.
static_assert(sizeof(result<bytes_view>) <= sizeof(bytes_view) + sizeof(error) + alignof(std::max_align_t));

// What decodes, and from what.
template <class T, class In>
concept decodes_from = requires(In&& in) {
  asn1::decode<T>(static_cast<In&&>(in));
};
template <class T, class In>
concept decodes_list_from = requires(In&& in) {
  asn1::decode_as<T>("LIST", static_cast<In&&>(in));
};
using array = std::array<std::uint8_t, 64>;
static_assert(decodes_from<Ticket, array&> && decodes_from<Ticket, const array&> && decodes_from<Ticket, bytes_view>);
static_assert(!decodes_from<Ticket, array> && !decodes_from<Ticket, const array>, "its views would outlive it");
static_assert(!decodes_list_from<MethodData, array> && decodes_list_from<MethodData, array&>);
static_assert(!decodes_from<int, array&> && !decodes_from<MethodData, array&>, "no message");

// A list of values that die is no list.
static_assert(!std::is_constructible_v<sequence_of<etype_t>, std::array<etype_t, 2>>);
static_assert(std::is_constructible_v<sequence_of<etype_t>, std::array<etype_t, 2>&>);
static_assert(!std::is_constructible_v<sequence_of<etype_t>, std::array<std::int32_t, 2>&>);

// Types that look alike are not taken for each other.
static_assert(!std::is_convertible_v<etype_t, cksum_t> && !std::is_convertible_v<etype_t, std::int32_t>);
static_assert(!std::is_convertible_v<kerberos_string, bytes_view> &&
              !std::is_convertible_v<bytes_view, kerberos_string>);
static_assert(!std::is_convertible_v<TicketFlags, KdcOptions> && !std::is_convertible_v<TicketFlags, std::uint32_t>);
static_assert(!std::is_convertible_v<AsReq, TgsReq> && !std::is_convertible_v<EncAsRepPart, EncTgsRepPart>);
static_assert(!std::is_convertible_v<std::int64_t, kerberos_time> &&
              !std::is_convertible_v<kerberos_time, microseconds>);

// Secrets do not compare, copy, or turn into octets by themselves.
template <class A, class B = A>
concept compares = requires(const A& a, const B& b) {
  a == b;
};
static_assert(!compares<secret<32>> && !compares<secret_view> && !compares<secret_view, bytes_view>);
static_assert(!std::is_copy_constructible_v<secret<32>> && !std::is_convertible_v<secret<32>&, bytes_view>);
static_assert(!std::is_constructible_v<bytes_view, secret_view> && !std::is_constructible_v<bytes_view, secret_view&>);
static_assert(!std::is_constructible_v<view_of<std::uint8_t>, secret_view&>);
static_assert(!std::is_constructible_v<std::span<const std::uint8_t>, secret_view&>);
// Names are compared by same_name, which does not look at the type.
static_assert(!compares<PrincipalName>);

}  // namespace
