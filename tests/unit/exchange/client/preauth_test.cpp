// Pre-authentication pieces: the salt, the hints and their bounds.
#include <kerb/exchange/client/preauth.hpp>

#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;

namespace {
static_assert(preauth_mechanism<enc_timestamp, testing::insecure_policy>);

constexpr bool the_salt_is_realm_and_components() {
  std::array<std::uint8_t, 64> buffer{};
  const std::size_t n = default_salt_size(web());
  const bytes_view salt = write_default_salt(web(), std::span(buffer).first(n));
  return salt == "EX.ORGHTTPweb.ex.org"_krb.octets;
}
constexpr bool our_preference_decides() {
  testing::insecure_policy p;
  const msg::EtypeInfo2Entry entries[] = {{e17, {}, {}}, {e20, "twenty"_krb, {}}, {e18, {}, {}}};
  std::array<std::uint8_t, 128> info{};
  const msg::PaData list[] = {
      {padata_t::etype_info2, kerb_test::must(asn1::encode(msg::EtypeInfo2(view_of(entries)), info))}};
  const etype_t ours[] = {e19, e20, e17};
  const auto h = detail::hint_from(p, msg::MethodData(view_of(list)), ours, {});
  return h && *h && (*h)->etype == e20 && *(*h)->salt == "twenty"_krb.octets && (*h)->iterations.count == 32768;
}
constexpr bool no_hints_are_no_error() {
  testing::insecure_policy p;
  const etype_t ours[] = {e20};
  const auto h = detail::hint_from(p, {}, ours, {});
  return h && !*h;
}
}  // namespace

KERB_BOTH("default_salt: the realm and every component, with nothing between", "[exchange][rfc4120-4]",
          the_salt_is_realm_and_components);
KERB_BOTH("hint_from: our own preference decides, not the order of unauthenticated hints",
          "[exchange][rfc4120-5.2.7.5]", our_preference_decides);
KERB_BOTH("hint_from: a KDC may send no hints", "[exchange][rfc4120-5.2.7.5]", no_hints_are_no_error);

TEST_CASE("enc_timestamp: it is tried once", "[exchange][rfc4120-5.2.7.2]") {
  enc_timestamp m;
  REQUIRE(m.consider({}) == preauth_wants::key);
  m.written();
  REQUIRE(m.consider({}) == preauth_wants::skip);
}

namespace {
constexpr std::uint8_t probe_octets[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
/// A mechanism that says `First` until it has been written, and then nothing.
template <int N, preauth_wants First>
class probe {
 public:
  static constexpr padata_t offered_as = padata_t(1000);
  constexpr preauth_wants consider(const preauth_offer&) const { return used_ ? preauth_wants::skip : First; }
  template <class C>
  constexpr void write(der::writer& w, const typename C::key*, const environment<C>&, errc&) const {
    asn1::write(w, msg::PaData{padata_t(2000 + N), {}});
  }
  constexpr void written() { used_ = true; }
  template <class Key>
  constexpr const Key* reply_key(const Key* k) const {
    return N == 1 ? nullptr : k;
  }

 private:
  bool used_ = false;
};
constexpr bool the_first_mechanism_that_can_is_the_one() {
  using wants = preauth_wants;
  testing::insecure_policy p;
  detail::mechanism_set<mechanisms<probe<0, wants::skip>, probe<1, wants::write>, probe<2, wants::key>>> set;
  const msg::PaData list[] = {{padata_t(999), {}}, {padata_t(1000), {}}}, none[] = {{padata_t(999), {}}};
  std::size_t who = 77;
  if (set.consider(msg::MethodData(view_of(none)), 1, who) != wants::skip || who != 77) return false;
  if (set.consider(msg::MethodData(view_of(list)), 1, who) != wants::write || who != 1 || set.chosen()) return false;
  set.choose(who);
  std::array<std::uint8_t, 64> octets{};
  der::writer w(octets);
  errc why = errc::ok;
  const environment<testing::insecure_policy> t{p, noon, {}};
  set.write(w, static_cast<const key*>(nullptr), t, why);
  const auto pa = asn1::decode<msg::PaData>(bytes_view(w.written_since(0)));
  if (!pa || pa->padata_type != padata_t(2001)) return false;
  const auto k = p.import(e17, probe_octets);
  if (set.reply_key(&*k) != nullptr) return false;
  set.written();
  if (set.consider(msg::MethodData(view_of(list)), 2, who) != wants::key || who != 2) return false;
  set.choose(who);
  if (set.reply_key(&*k) != &*k) return false;
  set.written();
  return set.consider(msg::MethodData(view_of(list)), 3, who) == wants::skip && who == 2;
}
}  // namespace
KERB_BOTH("mechanism_set: of several the first that can goes on, alone", "[exchange][rfc4120-5.2.7]",
          the_first_mechanism_that_can_is_the_one);
