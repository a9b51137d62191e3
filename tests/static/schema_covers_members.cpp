// Every member of every message stands in its schema: what is forgotten there would be neither read nor written.
#include <kerb/msg/ap.hpp>
#include <kerb/msg/error.hpp>
#include <kerb/msg/kdc.hpp>
#include <kerb/msg/preauth.hpp>

// Not in the anonymous namespace: it is declared and never defined, and clang warns of such a function there.
struct anything {
  template <class U>
  operator U() const noexcept;
};

namespace {

using namespace kerb;
using namespace kerb::msg;

template <class T, std::size_t... I>
consteval bool takes(std::index_sequence<I...>) {
  return requires { T{(static_cast<void>(I), anything{})...}; };
}
/// How many members an aggregate has: as many as can be initialised.
template <class T, std::size_t N = 0>
consteval std::size_t members() {
  if constexpr (takes<T>(std::make_index_sequence<N + 1>{})) {
    return members<T, N + 1>();
  } else {
    return N;
  }
}
template <class... L>
consteval std::size_t lines(const asn1::sequence_schema<L...>&) {
  return (std::size_t{0} + ... + std::size_t{!std::is_same_v<L, asn1::constant_line>});
}
template <class S, std::uint8_t N, std::uint8_t... Also>
consteval std::size_t lines(const asn1::application_schema<S, N, Also...>& s) {
  return lines(s.inner);
}
template <class T>
inline constexpr bool covered = std::is_aggregate_v<T>&& lines(asn1::schema_of<T>) == members<T>();

// the count itself
struct three {
  int a;
  std::optional<kerberos_time> b;
  bytes_view c;
};
static_assert(members<three>() == 3);
static_assert(members<KdcReqBody>() == 12);

static_assert(covered<PrincipalName>);
static_assert(covered<HostAddress>);
static_assert(covered<AuthorizationDataElement>);
static_assert(covered<PaData>);
static_assert(covered<EncryptedData>);
static_assert(covered<EncryptionKey>);
static_assert(covered<Checksum>);
static_assert(covered<Ticket>);
static_assert(covered<TransitedEncoding>);
static_assert(covered<EncTicketPart>);
static_assert(covered<KdcReqBody>);
static_assert(covered<AsReq>);
static_assert(covered<TgsReq>);
static_assert(covered<AsRep>);
static_assert(covered<TgsRep>);
static_assert(covered<LastReqEntry>);
static_assert(covered<EncAsRepPart>);
static_assert(covered<EncTgsRepPart>);
static_assert(covered<ApReq>);
static_assert(covered<Authenticator>);
static_assert(covered<ApRep>);
static_assert(covered<EncApRepPart>);
static_assert(covered<KrbError>);
static_assert(covered<PaEncTsEnc>);
static_assert(covered<EtypeInfoEntry>);
static_assert(covered<EtypeInfo2Entry>);

}  // namespace
