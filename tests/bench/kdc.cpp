// Requests served by a KDC: the machine alone, without network and database, which kdc_load.cpp has.
#include <kerb/testing/realm.hpp>

#include <cstring>
#include <list>
#include <map>

#include "bench.hpp"
#include "floor.hpp"

namespace kerb_bench {
namespace {

using namespace kerb::literals;
using kerb::key_usage_t;
using octets_t = std::vector<std::uint8_t>;

constexpr std::string_view password = "correct horse battery";
constexpr kerb::kerberos_string alice_parts[] = {"alice"_krb}, web_parts[] = {"HTTP"_krb, "web.ex.org"_krb};
constexpr kerb::principal_view alice{{kerb::name_t::principal, alice_parts}, "EX.ORG"_krb};
constexpr kerb::principal_view web{{kerb::name_t::srv_hst, web_parts}, "EX.ORG"_krb};
constexpr kerb::exchange_limits limits{.clock_skew = 86400};

/// A realm whose keys are prepared, and a request of each kind to it.
class kdc_world {
 public:
  explicit kdc_world(int etype) : facts(facts_of(etype)), etypes_{facts.etype}, realm(p, "EX.ORG"_krb, facts.etype) {
    good = realm.add_user("alice", kerb::secret_view::of(password)) && realm.add_service("HTTP/web.ex.org");
    for (const std::string_view name : {"krbtgt/EX.ORG", "HTTP/web.ex.org", "alice"}) {
      if (!good) break;
      const kerb::key& k = *realm.key_of(name);
      auto& uses = uses_.emplace_back();
      const auto prepare = [&](key_usage_t u) { uses.push_back({u, prepared_.emplace_back(*p.prepare(k, u))}); };
      kerb::long_term_key<policy> known = *realm.record(name)->keys.begin();
      if (name != "alice") {
        prepare(key_usage_t::ticket);
      } else {
        for (const auto u : {key_usage_t::as_req_enc_timestamp, key_usage_t::as_rep_enc_part, key_usage_t::as_req})
          prepare(u);
      }
      known.prepared = uses;
      realm.record(name)->keys = kerb::view_of<kerb::long_term_key<policy>>(&keys_.emplace_back(known), 1);
    }
    realm.settings.session_etypes = etypes_;
    good = good && ask();
  }

 private:
  /// Asks the realm, and keeps the octets that went both ways.
  auto exchange(octets_t& sent, octets_t& got) {
    return [&](const kerb::send& s) -> kerb::result<kerb::answer> {
      sent.assign(s.octets.begin(), s.octets.end());
      const auto a = realm.answer(s.octets, now(), workspace_);
      if (!a) return a.error();
      got.assign(a->begin(), a->end());
      return kerb::answer(*a, kerb::transport::stream);
    };
  }
  bool ask() {
    std::array<std::uint8_t, 8192> as_buffer, tgs_buffer;
    kerb::botan::as_client as({.client = alice, .password = kerb::secret_view::of(password), .buffer = as_buffer});
    const auto tgt = kerb::drive(as, p, now, exchange(as_req, as_rep));
    if (!tgt) return false;
    const kerb::secret_view s = tgt->session_key().octets();
    session.assign(s.data(), s.data() + s.size());
    kerb::botan::tgs_client tgs({.tgt = *tgt, .server = web, .buffer = tgs_buffer});
    return kerb::drive(tgs, p, now, exchange(tgs_req, tgs_rep)).has_value();
  }

 public:
  const kerb::etype_facts& facts;

 private:
  std::array<kerb::etype_t, 1> etypes_;

 public:
  policy p;
  kerb::testing::realm<policy> realm;
  octets_t as_req, as_rep, tgs_req, tgs_rep;  ///< the AS-REQ is the second, with a timestamp
  octets_t session;
  bool good = false;

 private:
  std::list<policy::prepared_key> prepared_;
  std::list<std::vector<kerb::prepared_for<policy>>> uses_;
  std::list<kerb::long_term_key<policy>> keys_;
  std::array<std::uint8_t, kerb::botan::kdc::typical_buffer_size> workspace_{};
};
kdc_world& world(int etype) {
  static std::map<int, kdc_world*> all;
  kdc_world*& w = all[etype];
  if (w == nullptr) w = new kdc_world(etype);  // stays: at the end Botan's statics may go first
  return *w;
}

void serve(benchmark::State& state, int etype, bool tgs) {
  kdc_world& w = world(etype);
  if (!w.good) return give_up(state, "there is no realm");
  const octets_t& request = tgs ? w.tgs_req : w.as_req;
  std::array<std::uint8_t, kerb::botan::kdc::typical_buffer_size> buffer;
  timed(state, [&] {
    const auto a = w.realm.answer(kerb::bytes_view(request), now(), buffer, limits);
    return a && !a->empty() && (*a)[0] == (tgs ? 0x6d : 0x6b);
  });
}

octets long_term(kdc_world& w, std::string_view name) {
  const kerb::secret_view k = w.realm.key_of(name)->octets();
  return {k.data(), k.size()};
}

/// An AS request's cryptography with every long-term key scheduled: the timestamp, the ticket and the reply, and one
/// draw for the session key and two confounders.
template <class Library>
void as_floor(benchmark::State& state, int etype) {
  kdc_world& w = world(etype);
  if (!w.good) return give_up(state, "there is no realm");
  const auto req = kerb::asn1::decode<kerb::msg::AsReq>(kerb::bytes_view(w.as_req));
  const auto rep = kerb::asn1::decode<kerb::msg::AsRep>(kerb::bytes_view(w.as_rep));
  kerb::result<kerb::msg::EncryptedData> stamp = kerb::errc::missing_field;
  for (const kerb::msg::PaData pa : *req->padata)
    if (pa.padata_type == kerb::padata_t::enc_timestamp)
      stamp = kerb::asn1::decode<kerb::msg::EncryptedData>(pa.padata_value);
  if (!stamp) return give_up(state, "no timestamp");
  floor_keys<Library> open(w.facts), ticket(w.facts), reply(w.facts);
  open.schedule(long_term(w, "alice"), key_usage_t::as_req_enc_timestamp);
  ticket.schedule(long_term(w, "krbtgt/EX.ORG"), key_usage_t::ticket);
  reply.schedule(long_term(w, "alice"), key_usage_t::as_rep_enc_part);
  std::array<std::uint8_t, 4096> a{}, b{};
  std::array<std::uint8_t, 64> random;
  timed(state, [&] {
    const bool good = open.open(stamp->cipher, a.data());
    Library::random(std::span(random).first(32u + w.facts.key));
    ticket.seal(std::span(a).first(rep->ticket->enc_part.cipher.size()));
    reply.seal(std::span(b).first(rep->enc_part.cipher.size()));
    benchmark::DoNotOptimize(a.data());
    benchmark::DoNotOptimize(b.data());
    return good;
  });
}

/// A TGS request's: the keys of the krbtgt and the service are scheduled, those of session and subkey are not.
template <class Library>
void tgs_floor(benchmark::State& state, int etype) {
  kdc_world& w = world(etype);
  if (!w.good) return give_up(state, "there is no realm");
  const auto req = kerb::asn1::decode<kerb::msg::TgsReq>(kerb::bytes_view(w.tgs_req));
  const auto rep = kerb::asn1::decode<kerb::msg::TgsRep>(kerb::bytes_view(w.tgs_rep));
  kerb::result<kerb::msg::ApReq> header = kerb::errc::missing_field;
  for (const kerb::msg::PaData pa : *req->padata)
    if (pa.padata_type == kerb::padata_t::tgs_req) header = kerb::asn1::decode<kerb::msg::ApReq>(pa.padata_value);
  if (!header) return give_up(state, "no AP-REQ");
  floor_keys<Library> tgt(w.facts), session(w.facts, true), ticket(w.facts);
  tgt.schedule(long_term(w, "krbtgt/EX.ORG"), key_usage_t::ticket);
  ticket.schedule(long_term(w, "HTTP/web.ex.org"), key_usage_t::ticket);
  std::array<std::uint8_t, 4096> a{}, b{};
  std::array<std::uint8_t, 64> random;
  timed(state, [&] {
    bool good = tgt.open(header->ticket->enc_part.cipher, a.data());
    session.schedule(w.session, key_usage_t::tgs_req_authenticator);
    good &= session.open(header->authenticator.cipher, a.data());
    session.sum(w.session, key_usage_t::tgs_req_authenticator_cksum, req->req_body.octets(), b.data());
    Library::random(std::span(random).first(32u + w.facts.key));
    ticket.seal(std::span(a).first(rep->ticket->enc_part.cipher.size()));
    session.schedule(w.session, key_usage_t::tgs_rep_enc_part_subkey);
    session.seal(std::span(b).first(rep->enc_part.cipher.size()));
    benchmark::DoNotOptimize(a.data());
    benchmark::DoNotOptimize(b.data());
    return good;
  });
}

}  // namespace

void add_kdc() {
  for (const int e : all_etypes) {
    const std::string as = "kdc/AS-REQ/" + etype_text(e), tgs = "kdc/TGS-REQ/" + etype_text(e);
    add(as, "kerb", [=](benchmark::State& s) { serve(s, e, false); });
    add(as, "botan", [=](benchmark::State& s) { as_floor<botan_library>(s, e); });
    add(as, "openssl", [=](benchmark::State& s) { as_floor<openssl_library>(s, e); });
    add(tgs, "kerb", [=](benchmark::State& s) { serve(s, e, true); });
    add(tgs, "botan", [=](benchmark::State& s) { tgs_floor<botan_library>(s, e); });
    add(tgs, "openssl", [=](benchmark::State& s) { tgs_floor<openssl_library>(s, e); });
  }
}

}  // namespace kerb_bench
