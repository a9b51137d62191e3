// Every member of every message stands in its schema: what is forgotten there would be neither read nor written.
#include <kerb/messages.hpp>

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
// The one member of a CHOICE has a type for each line, and one more where what is unknown is kept.
template <class C, class... V, class... A>
consteval std::size_t lines(const asn1::choice_schema<C, std::variant<V...>, A...>&) {
  return sizeof...(V) == sizeof...(A) || sizeof...(V) == sizeof...(A) + 1 ? 1 : 0;
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
static_assert(covered<KrbSafeBody>);
static_assert(covered<KrbSafe>);
static_assert(covered<KrbPriv>);
static_assert(covered<EncKrbPrivPart>);
static_assert(covered<KpasswdEncKrbPrivPart>);
static_assert(covered<KrbCred>);
static_assert(covered<KrbCredInfo>);
static_assert(covered<EncKrbCredPart>);
static_assert(covered<AdKdcIssued>);
static_assert(covered<AdAndOr>);
static_assert(covered<AdLoginAlias>);
static_assert(covered<PaAuthenticationSetElem>);
static_assert(covered<KrbFastArmor>);
static_assert(covered<KrbFastArmoredReq>);
static_assert(covered<PaFxFastRequest>);
static_assert(covered<KrbFastReq>);
static_assert(covered<KrbFastArmoredRep>);
static_assert(covered<PaFxFastReply>);
static_assert(covered<KrbFastFinished>);
static_assert(covered<KrbFastResponse>);
static_assert(covered<AlgorithmIdentifier>);
static_assert(covered<SubjectPublicKeyInfo>);
static_assert(covered<Certificate>);
static_assert(covered<RsassaPssParams>);
static_assert(covered<ExternalPrincipalIdentifier>);
static_assert(covered<PaPkAsReq>);
static_assert(covered<PaChecksum2>);
static_assert(covered<PkAuthenticator>);
static_assert(covered<KdfAlgorithmId>);
static_assert(covered<AuthPack>);
static_assert(covered<DhRepInfo>);
static_assert(covered<PaPkAsRep>);
static_assert(covered<KdcDhKeyInfo>);
static_assert(covered<ReplyKeyPack>);
static_assert(covered<Krb5PrincipalName>);
static_assert(covered<TdCertDigestAlgorithmsData>);
static_assert(covered<OtherInfo>);
static_assert(covered<PkinitSuppPubInfo>);
static_assert(covered<SpakeSupport>);
static_assert(covered<SpakeSecondFactor>);
static_assert(covered<SpakeChallenge>);
static_assert(covered<SpakeResponse>);
static_assert(covered<PaSpake>);
static_assert(covered<OtpTokenInfo>);
static_assert(covered<PaOtpChallenge>);
static_assert(covered<PaOtpRequest>);
static_assert(covered<PaOtpEncRequest>);
static_assert(covered<PaOtpPinChange>);
static_assert(covered<VerifierMac>);
static_assert(covered<Verifier>);
static_assert(covered<AdCammac>);
static_assert(covered<NegTokenInit>);
static_assert(covered<NegTokenResp>);
static_assert(covered<NegotiationToken>);
static_assert(covered<NegHints>);
static_assert(covered<NegTokenInit2>);
static_assert(covered<NegotiationToken2>);
static_assert(covered<KerbPaPacRequest>);
static_assert(covered<PaPacOptions>);
static_assert(covered<KerbErrorData>);
static_assert(covered<KerbAdRestrictionEntry>);
static_assert(covered<KerbSupersededByUser>);
static_assert(covered<KerbDmsaKeyPackage>);
static_assert(covered<PaForUser>);
static_assert(covered<S4uUserId>);
static_assert(covered<PaS4uX509User>);
static_assert(covered<KdcProxyMessage>);
static_assert(covered<ChangePasswdData>);
static_assert(covered<KerbTgtRequest>);
static_assert(covered<KerbTgtReply>);
static_assert(covered<IakerbHeader>);
static_assert(covered<IakerbFinished>);
static_assert(covered<PaSamChallenge2>);
static_assert(covered<SecureCookie>);
static_assert(covered<TypedDataElement>);
static_assert(covered<PaSvrReferralData>);
static_assert(covered<ServerReferralData>);
static_assert(covered<PaSamChallenge2Body>);
static_assert(covered<PaSamResponse2>);
static_assert(covered<PaEncSamResponseEnc2>);

}  // namespace
