// Where policy conceals its clients: how long the AS takes for one that there is and for one that there is not.
#include <kerb/botan.hpp>
#include <kerb/kdc.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "support/catch.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {

constexpr kerberos_string alice_parts[] = {"alice"_krb}, krbtgt_parts[] = {"krbtgt"_krb, "EX.ORG"_krb};
constexpr principal_view alice{{name_t::principal, alice_parts}, "EX.ORG"_krb};
constexpr principal_view krbtgt{{name_t::srv_inst, krbtgt_parts}, "EX.ORG"_krb};
constexpr timestamp noon{{1767268800}, {250000}};
constexpr etype_t types[] = {etype_t::aes256_cts_hmac_sha384_192, etype_t::aes128_cts_hmac_sha256_128,
                             etype_t::aes256_cts_hmac_sha1_96, etype_t::aes128_cts_hmac_sha1_96};

key random_key(botan::policy& p, etype_t e) {
  std::array<std::uint8_t, 64> seed{};
  const auto to = std::span(seed).first(p.seed_octets(e));
  REQUIRE(p.fill(to));
  return *p.random_to_key(e, bytes_view(to));
}
/// A record with a random key of each encryption type, as a person's is, or the decoy's.
struct person {
  std::vector<key> own;
  std::vector<botan::policy::prepared_key> stamps;
  std::vector<prepared_for<botan::policy>> stamp_uses;
  std::vector<long_term_key<botan::policy>> keys;
  principal_record<botan::policy> record;

  person(botan::policy& p, bool prepared) {
    for (const etype_t e : types) own.push_back(random_key(p, e));
    for (const key& k : own)
      if (prepared) stamps.push_back(*p.prepare(k, key_usage_t::as_req_enc_timestamp));
    for (std::size_t i = 0; i != own.size(); ++i) { keys.push_back({.key = own[i], .salt = "EX.ORGalice"_krb}); }
    for (const auto& stamp : stamps) stamp_uses.push_back({key_usage_t::as_req_enc_timestamp, stamp});
    for (std::size_t i = 0; i != stamp_uses.size(); ++i)
      keys[i].prepared = view_of<prepared_for<botan::policy>>(&stamp_uses[i], 1);
    record.principal = alice;
    record.keys = keys;
  }
};

struct scene {
  botan::policy p;
  kdc_policy settings{.realm = "EX.ORG"_krb, .conceal_unknown_clients = true};
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(botan::kdc::typical_buffer_size);

  /// A request whose timestamp is sealed under a key of nobody's; without a type, one without a timestamp.
  std::vector<std::uint8_t> request(std::optional<etype_t> e) {
    msg::KdcReqBody body;
    body.cname = alice.name;
    body.sname = krbtgt.name;
    body.realm = alice.realm;
    body.till = plus(noon.at, 3600);
    body.etype = view_of<etype_t>(types);
    msg::AsReq req{{}, captured<msg::KdcReqBody>::of(body)};
    std::array<std::uint8_t, 256> sealed{};
    std::array<msg::PaData, 1> padata{};
    if (e) {
      const key k = random_key(p, *e);
      const environment t{p, noon};
      errc why = errc::ok;
      auto stamp = asn1::computed{[&](der::writer& w) {
        write_sealed(w, msg::PaEncTsEnc{noon.at, noon.usec}, k, key_usage_t::as_req_enc_timestamp, t, why);
      }};
      padata[0] = {padata_t::enc_timestamp, *asn1::encode(stamp, sealed)};
      req.padata = msg::MethodData{view_of<msg::PaData>(padata)};
    }
    std::vector<std::uint8_t> octets(asn1::encoded_size(req));
    REQUIRE(asn1::encode(req, octets));
    return octets;
  }
  std::size_t answered(const std::vector<std::uint8_t>& request, const person* client, const person& server,
                       const person* decoy) {
    const environment t{p, noon};
    botan::kdc x(settings, buffer, {}, decoy == nullptr ? nullptr : &decoy->record);
    kdc_step step = x.receive(bytes_view(request), t);
    step = client != nullptr ? x.found(client->record, t) : x.absent(t);
    step = x.found(server.record, t);
    const auto* no = std::get_if<refused>(&step);
    return no == nullptr ? 0 : no->octets.size();
  }
};
using clock_type = std::chrono::steady_clock;
/// What one of a batch takes at best, in nanoseconds, for either: they take turns, and what disturbs one of them in one
/// round does not in another.
template <class A, class B>
std::pair<double, double> at_best(A a, B b) {
  constexpr int batch = 20, rounds = 150;
  double best[] = {1e12, 1e12};
  const auto time = [&](auto& f) {
    const auto from = clock_type::now();
    for (int i = 0; i != batch; ++i) f();
    return std::chrono::duration<double, std::nano>(clock_type::now() - from).count() / batch;
  };
  for (int i = 0; i != rounds; ++i) {
    best[0] = std::min(best[0], time(a));
    best[1] = std::min(best[1], time(b));
  }
  return {best[0], best[1]};
}

TEST_CASE("as_kdc: where policy conceals, a client that there is not takes as long as one with a wrong password",
          "[exchange][rfc4120-3.1.3]") {
  scene s;
  // 0: a decoy that is prepared as people are; 1: neither is; 2: people are, and there is no decoy
  for (const int how : {0, 1, 2}) {
    person client(s.p, how != 1), server(s.p, false), stand_in(s.p, how != 1);
    const person* const decoy = how == 2 ? nullptr : &stand_in;
    std::vector<std::optional<etype_t>> stamps(std::begin(types), std::end(types));
    stamps.emplace_back();  // none
    for (const auto& e : stamps) {
      const auto request = s.request(e);
      std::size_t known = 0, unknown = 0;
      double ratio = 0;
      for (int attempt = 0; attempt != 3 && (attempt == 0 || ratio > 1.25); ++attempt) {  // a busy machine
        const auto [a, b] = at_best([&] { known = s.answered(request, &client, server, decoy); },
                                    [&] { unknown = s.answered(request, nullptr, server, decoy); });
        ratio = std::max(a, b) / std::min(a, b);
        INFO("decoy " << how << ", type " << (e ? static_cast<int>(*e) : 0) << ": " << a << " ns known, " << b
                      << " ns unknown");
        if (attempt == 2) CHECK(ratio <= 1.25);
        if (std::getenv("KERB_SHOW_TIMES") != nullptr)
          WARN("decoy " << how << ", type " << (e ? static_cast<int>(*e) : 0) << ": " << a << " ns known, " << b
                        << " ns unknown, ratio " << ratio);
      }
      CHECK(known != 0);
      CHECK(known == unknown);
    }
  }
}
}  // namespace
