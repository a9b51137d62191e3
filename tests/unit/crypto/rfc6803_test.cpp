// Encryption types 25 and 26 against the published vectors.
#include "kerb/crypto/rfc6803.hpp"

#include "backends.hpp"

namespace {
using kerb::errc;

KERB_ON_EVERY("camellia: published messages are sealed and opened", "[crypto][rfc6803]") {
  kerb_test::vectors_of<TestType>{25, 26}.seal();
}
KERB_ON_EVERY("camellia: what MIT krb5 sealed is opened, and under no other usage", "[crypto][rfc6803]") {
  kerb_test::vectors_of<TestType>{25, 26}.opened();
}
KERB_ON_EVERY("camellia: random-to-key gives MIT krb5's keys", "[crypto][rfc6803]") {
  kerb_test::vectors_of<TestType>{25, 26}.random_to_key();
}
KERB_ON_EVERY("camellia: the pseudo-random function gives MIT krb5's octets", "[crypto][rfc6803]") {
  kerb_test::vectors_of<TestType>{25, 26}.prf();
}
KERB_ON_EVERY("camellia: published checksums are made and verified", "[crypto][rfc6803]") {
  kerb_test::vectors_of<TestType>{25, 26}.checksum();
}
KERB_ON_EVERY("camellia: published passwords give the published keys", "[crypto][rfc6803]") {
  kerb_test::vectors_of<TestType>{25, 26}.string_to_key();
}

KERB_ON_EVERY("camellia: the published derived keys are derived", "[crypto][rfc6803]") {
  using library = typename kerb_test::library_of<TestType>::type;
  library p;
  typename library::cipher c, m;
  kerb_test::each_row(kerb_test::derive_vectors, 25, 26, [&](const kerb_test::derive_vector& v) {
    const auto& f = kerb::camellia::etypes[v.etype == 26 ? 0 : 1];
    REQUIRE(kerb::camellia::set_base(p, c, m, f, kerb::secret_view(v.key)) == errc::ok);
    const auto kind = static_cast<kerb::derived_key>(v.derived);
    REQUIRE(kerb::detail::derived_octets(f, kind) == v.output.size());
    kerb_test::octet_vector out(v.output.size());
    REQUIRE(kerb::camellia::derive(p, c, m, f, kerb_test::usage_of(v.usage), kind, out) == errc::ok);
    CHECK(out == kerb_test::copy_of(v.output));
  });
}

}  // namespace
