// The AS of a KDC with a mechanism of two rounds, a step of its own and a reply key of its own.
#include <kerb/client.hpp>
#include <kerb/kdc.hpp>

#include <vector>

#include "support/both.hpp"
#include "support/kdc_side.hpp"
#include "support/toy_preauth.hpp"

using namespace kerb;
using namespace kerb_kdc_test;
using namespace kerb_test;

namespace {
/// Counts what a request costs in cryptography.
struct counting_policy : testing::insecure_policy {
  struct costs {
    unsigned draws = 0, keys = 0, opened = 0, opened_prepared = 0, made = 0;
    bool operator==(const costs&) const = default;
  } spent;
  constexpr bool fill(std::span<std::uint8_t> out) noexcept {
    ++spent.draws;
    return insecure_policy::fill(out);
  }
  constexpr result<kerb::key> random_to_key(etype_t e, bytes_view seed) noexcept {
    ++spent.keys;
    return insecure_policy::random_to_key(e, seed);
  }
  template <class K>
  constexpr result<std::span<std::uint8_t>> unseal(const K& k, key_usage_t u, bytes_view in,
                                                   std::span<std::uint8_t> out) noexcept {
    ++(std::same_as<K, kerb::key> ? spent.opened : spent.opened_prepared);
    return insecure_policy::unseal(k, u, in, out);
  }
  template <class C, class K>
  constexpr errc sign(C c, const K& k, key_usage_t u, view_of<bytes_view> pieces,
                      std::span<std::uint8_t> out) noexcept {
    ++spent.made;
    return insecure_policy::sign(c, k, u, pieces, out);
  }
};
static_assert(crypto_policy<counting_policy>);
static_assert(kdc_preauth_mechanism<kdc_toy, counting_policy> &&
              kdc_preauth_mechanism<kdc_enc_timestamp, counting_policy>);

using world = kdc_side<counting_policy>;
using record = principal_record<counting_policy>;
using toy_kdc = kdc<counting_policy, kdc_mechanisms<kdc_toy, kdc_enc_timestamp>>;
using toy_client = as_client<counting_policy, mechanisms<toy, enc_timestamp>, padata_extensions<enc_pa_rep>>;
static_assert(std::same_as<kdc<counting_policy>::step, kdc_step>);
static_assert(detail::is_alternative_of<toy_lookup, toy_kdc::step>);

constexpr std::uint8_t pin[] = {'1', '2', '3'}, other_pin[] = {'1', '2', '4'};

struct observed {
  std::array<std::uint8_t, 2048> octets{};
  std::size_t size = 0;
  std::array<std::size_t, 8> buffers{};  ///< what was asked for
  std::size_t larger = 0;
  counting_policy::costs spent;
  unsigned questions = 0;
  bool issued = false;
  error why{};
  msg::TicketFlags flags;
  std::size_t indicators = 0;
  /// Whether the peer, which measures time too, can tell them apart.
  constexpr bool same_as(const observed& o) const {
    return octets == o.octets && size == o.size && buffers == o.buffers && spent == o.spent &&
           questions == o.questions && issued == o.issued;
  }
  constexpr bytes_view message() const { return bytes_view(octets).first(size); }
  constexpr error_code_t code() const {
    const auto e = asn1::decode<msg::KrbError>(message());
    return e ? e->error_code : error_code_t::kdc_err_none;
  }
  constexpr std::optional<bytes_view> in_e_data(padata_t type) const {
    const auto e = asn1::decode<msg::KrbError>(message());
    if (!e || !e->e_data) return std::nullopt;
    const auto list = asn1::decode_as<msg::MethodData>("METHOD-DATA", *e->e_data);
    if (!list) return std::nullopt;
    for (const msg::PaData pa : *list)
      if (pa.padata_type == type) return pa.padata_value;
    return std::nullopt;
  }
};

/// What a KDC answers where the database has these records (null: none) and this PIN for everybody. A buffer that is
/// too small is replaced by one of the size that was asked for.
constexpr observed ask(world& w, bytes_view request, const record* client, const record* decoy = nullptr,
                       bytes_view secret = pin, std::size_t size = 8192) {
  std::array<std::uint8_t, 8192> first{}, second{};
  observed got;
  w.crypto.spent = {};
  const auto env = w.env_now();
  toy_kdc x(w.settings, std::span(first).first(size), w.peer, decoy);
  bool use_second = true;
  const auto call = [&](auto f) -> toy_kdc::step {
    for (;;) {
      toy_kdc::step s = f();
      const auto* n = std::get_if<need_buffer>(&s);
      if (n == nullptr) return s;
      got.buffers[got.larger++] = n->size;
      const std::span<std::uint8_t> bigger = use_second ? std::span(second) : std::span(first);
      use_second = !use_second;
      if (!x.set_buffer(bigger.first(n->size))) return failed{};
    }
  };
  toy_kdc::step step = call([&] { return x.receive(request, env); });
  for (;;) {
    if (const auto* p = std::get_if<need_principal>(&step)) {
      const record* const r = p->role == principal_role::client ? client : &w.tgs.record;
      step = call([&] { return r != nullptr ? x.found(*r, env) : x.absent(env); });
    } else if (is<toy_lookup>(step)) {
      ++got.questions;
      step = call([&] { return x.answer(toy_secret{secret}, env); });
    } else if (is<authorize>(step)) {
      got.flags = x.as()->draft().flags;
      got.indicators = x.as()->indicators().size();
      step = call([&] { return x.issue({}, env); });
    } else {
      break;
    }
  }
  bytes_view out;
  if (const auto* no = std::get_if<refused>(&step)) out = no->octets, got.why = no->why;
  if (const auto* yes = std::get_if<reply>(&step)) out = yes->octets, got.issued = true;
  if (const auto* f = std::get_if<failed>(&step)) got.why = f->why;
  detail::copy_octets(out.data(), out.size(), got.octets.data());
  got.size = out.size();
  got.spent = w.crypto.spent;
  return got;
}

/// A client with this key, and its requests.
struct caller {
  counting_policy crypto;
  std::array<std::uint8_t, 4096> buffer{};
  toy_client x;
  std::array<std::uint8_t, 2048> first_octets{}, hello_octets{}, proof_octets{};
  bytes_view first, hello, proof;

  constexpr explicit caller(const key& k)
      : x({.client = alice(), .key = k, .buffer = buffer}, {}, {{.required = true}}) {
    std::array<std::uint8_t, 3> other_than_the_kdc{};
    (void)crypto.fill(other_than_the_kdc);
  }
  constexpr environment<counting_policy> env() { return {crypto, noon, {}}; }
  static constexpr bytes_view keep(const toy_client::step& s, std::span<std::uint8_t> to) {
    const auto* out = std::get_if<send>(&s);
    if (out == nullptr) return {};
    detail::copy_octets(out->octets.data(), out->octets.size(), to.data());
    return bytes_view(to).first(out->octets.size());
  }
  /// Makes all requests, against a KDC that has the client with its own key.
  constexpr bool run(world& w, const record& r, bytes_view typed = pin) {
    first = keep(x.start(env()), first_octets);
    const observed offer = ask(w, first, &r);
    hello = keep(x.receive(offer.message(), env()), hello_octets);
    const observed challenge = ask(w, hello, &r);
    if (!is<toy_question>(x.receive(challenge.message(), env()))) return false;
    proof = keep(x.answer(toy_answer{typed}, env()), proof_octets);
    return !proof.empty();
  }
};

constexpr bool a_whole_exchange() {
  world w;
  caller c(w.client.own);
  if (!c.run(w, w.client.record)) return false;
  const observed got = ask(w, c.proof, &w.client.record);
  if (!got.issued || got.questions != 1 || got.indicators != 1) return false;
  if (!got.flags.has(ticket_flag_t::pre_authent) || !got.flags.has(ticket_flag_t::hw_authent)) return false;
  const auto rep = asn1::decode<msg::AsRep>(got.message(), der::strict);
  if (!rep || rep->enc_part.kvno || !rep->padata) return false;
  if (!is<done>(c.x.receive(got.message(), c.env()))) return false;
  const auto credential = std::move(c.x).take();
  return credential && same_principal(credential->client(), alice()) && same_principal(credential->server(), krbtgt());
}
}  // namespace
KERB_BOTH("as_kdc: a mechanism of two rounds asks its question and replaces the reply key", "[exchange][rfc6113-2]",
          a_whole_exchange);

TEST_CASE("as_kdc: the offers of all mechanisms are in the METHOD-DATA, and what a mechanism sends with its cookie",
          "[exchange][rfc4120-5.2.7]") {
  world w;
  caller c(w.client.own);
  REQUIRE(c.run(w, w.client.record));
  const observed none = ask(w, c.first, &w.client.record);
  const observed offer = ask(w, c.hello, &w.client.record);
  REQUIRE(none.code() == error_code_t::kdc_err_preauth_required);
  REQUIRE(none.in_e_data(toy_hello));
  REQUIRE(none.in_e_data(padata_t::enc_timestamp));
  REQUIRE(none.in_e_data(padata_t::fx_cookie) == bytes_view(detail::cookie_without_state));
  REQUIRE(offer.code() == error_code_t::kdc_err_more_preauth_data_required);
  REQUIRE(offer.in_e_data(toy_challenge)->size() == toy_nonce_octets);
  REQUIRE(offer.in_e_data(padata_t::fx_cookie) == offer.in_e_data(toy_challenge));
  REQUIRE(offer.in_e_data(padata_t::etype_info2));
  REQUIRE_FALSE(offer.in_e_data(padata_t::enc_timestamp));
}
TEST_CASE("as_kdc: the timestamp is accepted beside another mechanism", "[exchange][rfc4120-5.2.7.2]") {
  world w;
  const observed got = ask(w, w.as_req(), &w.client.record);
  REQUIRE(got.issued);
  REQUIRE(got.questions == 0);
  REQUIRE(got.indicators == 0);
  REQUIRE(got.flags.has(ticket_flag_t::pre_authent));
  REQUIRE_FALSE(got.flags.has(ticket_flag_t::hw_authent));
  const auto rep = must(asn1::decode<msg::AsRep>(got.message()));
  REQUIRE(rep.padata);
  for (const msg::PaData pa : *rep.padata) REQUIRE(pa.padata_type != toy_proof);  // which is the other mechanism's
}

namespace {
struct question {
  int of;
};
/// Two mechanisms of a KDC that take the same answer.
template <int N>
class kdc_asker {
 public:
  static constexpr padata_t types[] = {padata_t(1000 + N)};
  using step = std::variant<question>;
  using outcome = kdc_preauth_outcome<step>;
  static constexpr std::size_t reserved = 0;
  template <crypto_policy C>
  constexpr void write_offer(der::writer&, const kdc_preauth_context<C>&) const {}
  template <crypto_policy C>
  constexpr outcome verify(const kdc_preauth_context<C>&, bytes_view, const environment<C>&) {
    return question{N};
  }
  template <crypto_policy C>
  constexpr outcome answer(int, const kdc_preauth_context<C>&, const environment<C>&) {
    return question{10 + N};
  }
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const kdc_preauth_context<C>&, const typename C::key& own,
                                                      const environment<C>&) {
    return reply_key<typename C::key>(ref(own));
  }
  constexpr void write_reply(der::writer&) const {}
};
}  // namespace
TEST_CASE("as_kdc: an answer is for the mechanism that has asked, though another takes the same", "[exchange]") {
  world w;
  std::array<std::uint8_t, 64> octets{};
  detail::workspace space{std::span(octets)};
  bool stood_in = false;
  const kdc_preauth_context<counting_policy> ctx(w.client.record, true, nullptr, w.settings, space, stood_in);
  detail::kdc_mechanism_set<kdc_mechanisms<kdc_asker<0>, kdc_asker<1>>> set;
  for (int who = 0; who != 2; ++who) {
    const msg::PaData list[] = {{padata_t(1000 + who), {}}};
    REQUIRE(set.choose(msg::MethodData(view_of(list))));
    const auto o = set.answer(7, ctx, w.env_now());
    const auto* const q = std::get_if<question>(&o);
    REQUIRE(q != nullptr);
    REQUIRE(q->of == 10 + who);
  }
}
TEST_CASE("as_kdc: a wrong PIN, a wrong key or a missing cookie is KDC_ERR_PREAUTH_FAILED, with the offers",
          "[exchange][rfc6113-2]") {
  world w;
  caller c(w.client.own);
  REQUIRE(c.run(w, w.client.record));
  const auto failed_with_offers = [](const observed& a) {
    return a.code() == error_code_t::kdc_err_preauth_failed && a.in_e_data(toy_hello) &&
           a.in_e_data(padata_t::etype_info2);
  };
  REQUIRE(failed_with_offers(ask(w, c.proof, &w.client.record, nullptr, other_pin)));
  record other = w.client.record;
  const key wrong = w.make(e20, 0x77);
  const long_term_key<counting_policy> keys[] = {{.key = wrong}};
  other.keys = view_of(keys);
  REQUIRE(failed_with_offers(ask(w, c.proof, &other)));
  // the same request without its cookie
  const auto req = must(asn1::decode<msg::AsReq>(c.proof));
  std::vector<msg::PaData> list;
  for (const msg::PaData pa : *req.padata)
    if (pa.padata_type != padata_t::fx_cookie) list.push_back(pa);
  msg::AsReq without = req;
  without.padata = msg::MethodData(view_of<msg::PaData>(list));
  std::array<std::uint8_t, 2048> octets{};
  const observed a = ask(w, must(asn1::encode(without, octets)), &w.client.record);
  REQUIRE(failed_with_offers(a));
  REQUIRE(a.questions == 0);
  REQUIRE(ask(w, c.proof, &w.client.record).issued);
}
TEST_CASE("as_kdc: a mechanism of a KDC that conceals works and answers alike for a client that does not exist",
          "[exchange][rfc4120-3.1.3]") {
  struct row {
    bool decoy, prepared;
  };
  for (const row how : {row{true, false}, row{true, true}, row{false, false}, row{false, true}}) {
    CAPTURE(how.decoy, how.prepared);
    world w;
    caller c(w.client.own);
    REQUIRE(c.run(w, w.client.record));
    w.settings.conceal_unknown_clients = true;
    // A client whose key is not that of the requests, so that it fails as an unknown one must
    const etype_t types[] = {e20, e19, e18, e17};
    struct person {
      std::array<key, 4> own;
      std::vector<counting_policy::prepared_key> prepared;
      std::vector<prepared_for<counting_policy>> uses;
      std::vector<long_term_key<counting_policy>> keys;
      record r;
    };
    const auto fill = [&](person& p, std::uint8_t from) {
      for (std::size_t i = 0; i != 4; ++i) {
        p.own[i] = w.make(types[i], static_cast<std::uint8_t>(from + i));
        p.prepared.push_back(*w.crypto.prepare(p.own[i], toy_usage));
      }
      for (std::size_t i = 0; i != 4; ++i) p.uses.push_back({toy_usage, p.prepared[i]});
      for (std::size_t i = 0; i != 4; ++i) {
        p.keys.push_back({.key = p.own[i]});
        if (how.prepared) p.keys[i].prepared = view_of<prepared_for<counting_policy>>(&p.uses[i], 1);
      }
      p.r.principal = alice();
      p.r.keys = p.keys;
    };
    person known, stand_in;
    fill(known, 0x80);
    fill(stand_in, 0xc0);
    const record* const decoy = how.decoy ? &stand_in.r : nullptr;
    const auto twice = [&](bytes_view request, bytes_view secret = pin) {
      const auto as_one = [&](const record* r, std::size_t size) {
        w.crypto.entropy = {};
        return ask(w, request, r, decoy, secret, size);
      };
      const observed nobody = as_one(nullptr, 8192);
      REQUIRE_FALSE(nobody.issued);
      REQUIRE(nobody.size != 0);
      REQUIRE(as_one(&known.r, 8192).same_as(nobody));
      const observed in_little = as_one(nullptr, 0);
      REQUIRE(in_little.larger != 0);
      REQUIRE(as_one(&known.r, 0).same_as(in_little));
      return nobody;
    };
    w.with_timestamp = false;
    REQUIRE(twice(w.as_req()).code() == error_code_t::kdc_err_preauth_required);
    REQUIRE(twice(c.hello).code() == error_code_t::kdc_err_more_preauth_data_required);
    const observed refused_one = twice(c.proof);
    REQUIRE(refused_one.code() == error_code_t::kdc_err_preauth_failed);
    REQUIRE(refused_one.questions == 1);
    REQUIRE(refused_one.spent.made == 1);
    REQUIRE(twice(c.proof, other_pin).code() == error_code_t::kdc_err_preauth_failed);
    // nobody proves to be somebody with the decoy's key
    caller thief(stand_in.own[0]);
    world open;
    record own = stand_in.r;
    REQUIRE(thief.run(open, own));
    REQUIRE(ask(open, thief.proof, &own).issued);
    REQUIRE(ask(w, thief.proof, nullptr, decoy).code() == error_code_t::kdc_err_preauth_failed);
    // nor for a client that has no key of this type
    record lacks = known.r;
    lacks.keys = view_of<long_term_key<counting_policy>>(known.keys.data() + 1, 3);
    const observed a = ask(w, thief.proof, &lacks, decoy);
    REQUIRE(a.code() == error_code_t::kdc_err_preauth_failed);
    REQUIRE(a.why.code == errc::no_key);
  }
}

namespace {
/// Where a KDC with a question is, for calls that are out of turn.
struct asked {
  world w;
  caller c;
  std::array<std::uint8_t, 8192> buffer{};
  std::optional<toy_kdc> x;
  toy_kdc::step step;
  asked() : c(w.client.own) {
    REQUIRE(c.run(w, w.client.record));
    x.emplace(w.settings, std::span(buffer));
    REQUIRE(is<need_principal>(x->receive(c.proof, w.env_now())));
    REQUIRE(is<need_principal>(x->found(w.client.record, w.env_now())));
    step = x->found(w.tgs.record, w.env_now());
    REQUIRE(is<toy_lookup>(step));
  }
};
template <class Step>
bool misused(const Step& s) {
  const auto* f = std::get_if<failed>(&s);
  return f != nullptr && f->why.code == errc::api_misuse;
}
}  // namespace
namespace {
/// PA-ENC-TIMESTAMP, which counts how often it is to wipe its secrets.
struct forgetful : kdc_enc_timestamp {
  unsigned* forgotten;
  explicit forgetful(unsigned& n) : forgotten(&n) {}
  void forget() { ++*forgotten; }
};
}  // namespace
TEST_CASE("as_kdc: a mechanism can wipe its secrets when the exchange fails and when it is over", "[exchange]") {
  enum class how { issued, refused, abandoned };
  for (const how end : {how::issued, how::refused, how::abandoned}) {
    world w;
    w.body.sname = krbtgt().name;
    unsigned forgotten = 0;
    std::array<std::uint8_t, 8192> buffer{};
    as_kdc<counting_policy, kdc_mechanisms<forgetful>> x(w.settings, buffer, {}, nullptr, {forgetful(forgotten)});
    REQUIRE(is<need_principal>(x.receive(w.as_req(), w.env_now())));
    REQUIRE(is<need_principal>(x.found(w.client.record, w.env_now())));
    REQUIRE(is<authorize>(x.found(w.tgs.record, w.env_now())));
    REQUIRE(forgotten == 0);
    if (end == how::issued) REQUIRE(is<reply>(x.issue({}, w.env_now())));
    if (end == how::refused) REQUIRE(is<refused>(x.refuse(error_code_t::kdc_err_policy, w.env_now())));
    if (end == how::abandoned) REQUIRE(is<failed>(x.abandon({.code = errc::no_answer})));
    REQUIRE(forgotten != 0);
  }
}

TEST_CASE("as_kdc: while it waits for an answer every other call is misuse, and an answer without a question too",
          "[exchange]") {
  {
    asked a;
    REQUIRE(misused(a.x->found(a.w.client.record, a.w.env_now())));
  }
  {
    asked a;
    REQUIRE(misused(a.x->absent(a.w.env_now())));
  }
  {
    asked a;
    REQUIRE(misused(a.x->refer_to(other_org, a.w.env_now())));
  }
  {
    asked a;
    REQUIRE(misused(a.x->unavailable(a.w.env_now())));
  }
  {
    asked a;
    REQUIRE(misused(a.x->issue({}, a.w.env_now())));
  }
  {
    asked a;
    REQUIRE(same_principal(std::get<toy_lookup>(a.step).client, alice()));
    REQUIRE(is<authorize>(a.x->answer(toy_secret{pin}, a.w.env_now())));
    REQUIRE(misused(a.x->answer(toy_secret{pin}, a.w.env_now())));
  }
  {
    asked a;  // only its request
    toy_kdc x(a.w.settings, std::span(a.w.scratch));
    REQUIRE(is<need_principal>(x.receive(a.c.proof, a.w.env_now())));
    REQUIRE(misused(x.answer(toy_secret{pin}, a.w.env_now())));
  }
  world w;
  toy_kdc idle(w.settings, std::span(w.scratch));
  REQUIRE(misused(idle.answer(toy_secret{pin}, w.env_now())));
  toy_kdc tgs(w.settings, std::span(w.scratch));
  REQUIRE(is<need_principal>(tgs.receive(w.tgs_req(), w.env_now())));
  REQUIRE(misused(tgs.answer(toy_secret{pin}, w.env_now())));
}
TEST_CASE("as_kdc: a smaller buffer while it waits for an answer is refused or asked to grow", "[exchange]") {
  asked a;
  std::array<std::uint8_t, 8192> other{};
  REQUIRE(a.x->set_buffer(std::span(other).first(64)));
  const auto s = a.x->answer(toy_secret{pin}, a.w.env_now());
  REQUIRE(is<need_buffer>(s));
  REQUIRE(a.x->set_buffer(std::span(a.buffer).first(std::get<need_buffer>(s).size)));
  REQUIRE(is<authorize>(a.x->answer(toy_secret{pin}, a.w.env_now())));
}
TEST_CASE("as_kdc: the mechanism's part of the reply is made once, in whatever buffer it is", "[exchange]") {
  asked a;
  REQUIRE(is<authorize>(a.x->answer(toy_secret{pin}, a.w.env_now())));
  std::array<std::uint8_t, 64> small{};
  REQUIRE(a.x->set_buffer(small));
  const unsigned before = a.w.crypto.spent.draws;
  REQUIRE(is<need_buffer>(a.x->issue({}, a.w.env_now())));
  REQUIRE(is<need_buffer>(a.x->issue({}, a.w.env_now())));
  REQUIRE(a.w.crypto.spent.draws == before + 1);
  REQUIRE(a.x->set_buffer(a.buffer));
  const auto s = a.x->issue({}, a.w.env_now());
  REQUIRE(is<reply>(s));
  REQUIRE(is<done>(a.c.x.receive(std::get<reply>(s).octets, a.c.env())));
}
TEST_CASE("as_kdc: a signed ticket goes with a reply under the mechanism's key", "[exchange]") {
  asked a;
  REQUIRE(is<authorize>(a.x->answer(toy_secret{pin}, a.w.env_now())));
  issue_options o;
  o.reserved_octets = 32;
  REQUIRE(is<sign_ticket>(a.x->issue(o, a.w.env_now())));
  const auto s = a.x->signed_ticket(a.w.env_now());
  REQUIRE(is<reply>(s));
  REQUIRE(is<done>(a.c.x.receive(std::get<reply>(s).octets, a.c.env())));
}
TEST_CASE("as_kdc: the checksum of the request is made with the reply key, also where that is replaced",
          "[exchange][rfc6806-11]") {
  world w;
  caller c(w.client.own);
  REQUIRE(c.run(w, w.client.record));
  const bytes_view request = c.proof;
  bytes_view client_nonce;
  const auto req = must(asn1::decode<msg::AsReq>(request));
  for (const msg::PaData pa : *req.padata)
    if (pa.padata_type == toy_hello) client_nonce = pa.padata_value;
  std::array<std::uint8_t, 2048> opened{};
  const observed got = ask(w, request, &w.client.record);
  REQUIRE(got.issued);
  const auto rep = must(asn1::decode<msg::AsRep>(got.message()));
  bytes_view kdc_nonce;
  for (const msg::PaData pa : *rep.padata)
    if (pa.padata_type == toy_proof) kdc_nonce = pa.padata_value;
  const key k = must(toy_reply_key(w.crypto, w.client.own, client_nonce, kdc_nonce));
  const auto plain = must(w.crypto.unseal(k, key_usage_t::as_rep_enc_part, rep.enc_part.cipher, opened));
  const auto part = must(asn1::decode<msg::EncAsRepPart>(bytes_view(plain)));
  REQUIRE(part.flags.has(ticket_flag_t::enc_pa_rep));
  const auto sum = must(asn1::decode<msg::Checksum>((*part.encrypted_pa_data->begin()).padata_value));
  const bytes_view pieces[] = {request};
  REQUIRE(w.crypto.verify(sum.cksumtype, k, key_usage_t::as_req, pieces, sum.checksum) == errc::ok);
}
TEST_CASE("as_kdc: randomness that fails in a mechanism ends the exchange", "[exchange]") {
  world w;
  caller c(w.client.own);
  REQUIRE(c.run(w, w.client.record));
  for (const bytes_view request : {c.hello, c.proof}) {
    w.crypto.entropy = {};
    w.crypto.entropy.fail_at = 1;
    const observed a = ask(w, request, &w.client.record);
    REQUIRE(a.size == 0);
    REQUIRE(a.why.code == errc::entropy);
  }
}

namespace {
/// Breaks the rules of a mechanism.
template <int Fault>
class faulty {
 public:
  static constexpr padata_t types[] = {padata_t::enc_timestamp};
  using step = no_steps;
  static constexpr std::size_t reserved = 1;
  template <crypto_policy C>
  constexpr void write_offer(der::writer&, const kdc_preauth_context<C>&) const {}
  template <crypto_policy C>
  constexpr kdc_preauth_outcome<> verify(const kdc_preauth_context<C>&, bytes_view, const environment<C>&) {
    if (Fault == 0) return preauth::more{octets_, {}};  // more than it announced
    return preauth::accepted{};
  }
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const kdc_preauth_context<C>&, const typename C::key& own,
                                                      const environment<C>&) {
    another_ = own.copy();
    return reply_key<typename C::key>(ref(std::as_const(another_)));  // neither the client's nor a new one
  }
  constexpr void write_reply(der::writer&) const {}

 private:
  std::array<std::uint8_t, 100> octets_{};
  key another_;
};
template <int Fault>
errc fault_found() {
  world w;
  as_kdc<counting_policy, kdc_mechanisms<faulty<Fault>>> x(w.settings, std::span(w.scratch));
  const bytes_view request = w.as_req();
  const auto env = w.env_now();
  if (!is<need_principal>(x.receive(request, env)) || !is<need_principal>(x.found(w.client.record, env)))
    return errc::ok;
  auto s = x.found(w.tgs.record, env);
  if (is<authorize>(s)) s = x.issue({}, env);
  const auto* f = std::get_if<failed>(&s);
  return f == nullptr ? errc::ok : f->why.code;
}
}  // namespace
TEST_CASE("as_kdc: a mechanism that breaks its contract is misuse", "[exchange]") {
  REQUIRE(fault_found<0>() == errc::api_misuse);
  REQUIRE(fault_found<1>() == errc::api_misuse);
}

namespace {
/// Asks for another round with so many octets of e-data.
template <std::size_t Octets>
class verbose {
 public:
  static constexpr padata_t types[] = {padata_t::enc_timestamp};
  using step = no_steps;
  static constexpr std::size_t reserved = Octets > 200 ? Octets : 100;
  template <crypto_policy C>
  constexpr void write_offer(der::writer&, const kdc_preauth_context<C>&) const {}
  template <crypto_policy C>
  constexpr kdc_preauth_outcome<> verify(const kdc_preauth_context<C>&, bytes_view, const environment<C>&) {
    const auto e =
        asn1::encode(msg::PaData{padata_t(1), bytes_view(zeros).first(Octets - (Octets > 200 ? 18 : 11))}, e_data);
    if (!e) return e.error();
    return preauth::more{*e};
  }
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const kdc_preauth_context<C>&, const typename C::key& own,
                                                      const environment<C>&) {
    return reply_key<typename C::key>(ref(own));
  }
  constexpr void write_reply(der::writer&) const {}

 private:
  static constexpr std::array<std::uint8_t, 1000> zeros{};
  std::array<std::uint8_t, 1000> e_data{};
};
/// Tells whether the request has a cookie that a mechanism may have made.
class cookie_reader {
 public:
  static constexpr padata_t types[] = {padata_t::enc_timestamp};
  using step = no_steps;
  static constexpr std::size_t reserved = 0;
  template <crypto_policy C>
  constexpr void write_offer(der::writer&, const kdc_preauth_context<C>&) const {}
  template <crypto_policy C>
  constexpr kdc_preauth_outcome<> verify(const kdc_preauth_context<C>& ctx, bytes_view, const environment<C>&) {
    return preauth::refused{.code = ctx.cookie ? error_code_t::kdc_err_preauth_expired
                                               : error_code_t::kdc_err_client_notyet};
  }
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const kdc_preauth_context<C>&, const typename C::key& own,
                                                      const environment<C>&) {
    return reply_key<typename C::key>(ref(own));
  }
  constexpr void write_reply(der::writer&) const {}
};
/// The octets of METHOD-DATA that are allowed: what is reserved, and the header of a cookie.
template <std::size_t Octets>
bool may_send() {
  world w;
  std::array<std::uint8_t, 8192> buffer{};
  kdc<counting_policy, kdc_mechanisms<verbose<Octets>>> x(w.settings, buffer);
  (void)x.receive(w.as_req(), w.env_now());
  (void)x.found(w.client.record, w.env_now());
  const auto s = x.found(w.tgs.record, w.env_now());
  const auto* const f = std::get_if<failed>(&s);
  if (f != nullptr) REQUIRE(f->why.code == errc::api_misuse);
  else REQUIRE(is<refused>(s));
  return f == nullptr;
}
}  // namespace
TEST_CASE("as_kdc: a client returns the cookie of a refusal, and no mechanism takes it for its own",
          "[exchange][rfc6113-5.2]") {
  world w;
  caller c(w.client.own);
  REQUIRE(c.run(w, w.client.record));
  const auto hello = must(asn1::decode<msg::AsReq>(c.hello));
  bool returned = false;
  for (const msg::PaData pa : *hello.padata)
    returned |= pa.padata_type == padata_t::fx_cookie && pa.padata_value == bytes_view(detail::cookie_without_state);
  CHECK(returned);
  const auto seen = [&](bytes_view value) {
    const msg::PaData list[] = {{padata_t::fx_cookie, value}, {padata_t::enc_timestamp, {}}};
    const auto first = must(asn1::decode<msg::AsReq>(c.first));
    std::vector<std::uint8_t> out(4096), buffer(8192);
    const bytes_view request = must(asn1::encode(msg::AsReq{view_of<msg::PaData>(list), first.req_body}, out));
    kdc<counting_policy, kdc_mechanisms<cookie_reader>> x(w.settings, buffer);
    (void)x.receive(request, w.env_now());
    (void)x.found(w.client.record, w.env_now());
    const auto s = x.found(w.tgs.record, w.env_now());
    const auto* const no = std::get_if<refused>(&s);
    REQUIRE(no != nullptr);
    return must(asn1::decode<msg::KrbError>(no->octets)).error_code == error_code_t::kdc_err_preauth_expired;
  };
  constexpr std::uint8_t other[] = {'k', 'e', 'r', 'b', '!'};
  CHECK(seen(other));
  CHECK_FALSE(seen(detail::cookie_without_state));
  // Sent with a proof, it is as good as none
  const auto proof = must(asn1::decode<msg::AsReq>(c.proof));
  std::vector<msg::PaData> list;
  for (const msg::PaData pa : *proof.padata)
    list.push_back(pa.padata_type == padata_t::fx_cookie
                       ? msg::PaData{padata_t::fx_cookie, bytes_view(detail::cookie_without_state)}
                       : pa);
  std::vector<std::uint8_t> out(4096);
  const bytes_view without = must(asn1::encode(msg::AsReq{view_of<msg::PaData>(list), proof.req_body}, out));
  CHECK(ask(w, without, &w.client.record).code() == error_code_t::kdc_err_preauth_failed);
}
TEST_CASE("as_kdc: a mechanism may send as much as it has reserved, and the rest of its METHOD-DATA is in the margin",
          "[exchange]") {
  CHECK(may_send<100>());
  CHECK(may_send<129>());  // 148 with the header of the SEQUENCE OF and a cookie: 48 more than is reserved
  CHECK_FALSE(may_send<130>());
}
TEST_CASE("as_kdc: the key that replaced the reply key is wiped once the answer is made", "[exchange]") {
  world w;
  caller c(w.client.own);
  REQUIRE(c.run(w, w.client.record));
  using exchange = toy_kdc;
  alignas(exchange) static std::array<std::uint8_t, sizeof(exchange)> place;
  place.fill(0);
  static std::array<std::uint8_t, 8192> buffer;
  exchange* const x = std::construct_at(reinterpret_cast<exchange*>(place.data()), w.settings, std::span(buffer));
  (void)x->receive(c.proof, w.env_now());
  (void)x->found(w.client.record, w.env_now());
  REQUIRE(is<toy_lookup>(x->found(w.tgs.record, w.env_now())));
  REQUIRE(is<authorize>(x->answer(toy_secret{pin}, w.env_now())));
  const auto s = x->issue({}, w.env_now());
  REQUIRE(is<reply>(s));
  REQUIRE(is<done>(c.x.receive(std::get<reply>(s).octets, c.env())));
  // The key, made again from what both sides have said
  const auto rep = must(asn1::decode<msg::AsRep>(std::get<reply>(s).octets));
  const auto req = must(asn1::decode<msg::AsReq>(c.proof));
  bytes_view theirs, ours;
  for (const msg::PaData pa : *rep.padata)
    if (pa.padata_type == toy_proof) theirs = pa.padata_value;
  for (const msg::PaData pa : *req.padata)
    if (pa.padata_type == toy_hello) ours = pa.padata_value;
  const key replaced = must(toy_reply_key(w.crypto, w.client.own, ours, theirs));
  const bytes_view secret = replaced.octets().unguarded();
  const auto found = [&] {
    for (std::size_t i = 0; i + secret.size() <= place.size(); ++i)
      if (bytes_view(place).subview(i, secret.size()) == secret) return true;
    return false;
  };
  CHECK_FALSE(found());
  std::destroy_at(x);
}

namespace {
/// Accepts everybody, without a key; and offers a lot.
template <std::size_t Offered>
class trusting {
 public:
  static constexpr padata_t types[] = {padata_t::enc_timestamp};
  using step = no_steps;
  static constexpr std::size_t reserved = 0;
  template <crypto_policy C>
  constexpr void write_offer(der::writer& w, const kdc_preauth_context<C>&) const {
    constexpr std::array<std::uint8_t, Offered> zeros{};
    asn1::write(w, msg::PaData{types[0], bytes_view(zeros)});
  }
  template <crypto_policy C>
  constexpr kdc_preauth_outcome<> verify(const kdc_preauth_context<C>&, bytes_view, const environment<C>&) {
    return preauth::accepted{};
  }
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const kdc_preauth_context<C>&, const typename C::key& own,
                                                      const environment<C>&) {
    return reply_key<typename C::key>(ref(own));
  }
  constexpr void write_reply(der::writer&) const {}
};
}  // namespace
TEST_CASE("as_kdc: an unknown client that is concealed is refused though a mechanism accepts it without a key",
          "[exchange][rfc4120-3.1.3]") {
  for (const bool known : {true, false}) {
    for (const bool with_decoy : {true, false}) {
      world w;
      w.settings.conceal_unknown_clients = true;
      std::array<std::uint8_t, 8192> buffer{};
      as_kdc<counting_policy, kdc_mechanisms<trusting<0>>> x(w.settings, buffer, w.peer,
                                                             with_decoy ? &w.user.record : nullptr);
      REQUIRE(is<need_principal>(x.receive(w.as_req(), w.env_now())));
      if (known) REQUIRE(is<need_principal>(x.found(w.client.record, w.env_now())));
      else REQUIRE(is<need_principal>(x.absent(w.env_now())));
      const auto s = x.found(w.tgs.record, w.env_now());
      REQUIRE(is<authorize>(s) == known);
      if (known) continue;
      const auto* const no = std::get_if<refused>(&s);
      REQUIRE(no != nullptr);
      REQUIRE(must(asn1::decode<msg::KrbError>(no->octets)).error_code == error_code_t::kdc_err_preauth_failed);
    }
  }
}
namespace {
/// The octets of the refusal, in a buffer that is as large as was asked for.
template <class Mechanism>
std::size_t refusal_from(std::size_t size, bool timestamp) {
  world w;
  w.with_timestamp = timestamp;
  w.settings.require_preauth = true;
  std::vector<std::uint8_t> first(size), second, third;
  as_kdc<counting_policy, kdc_mechanisms<Mechanism>> x(w.settings, first, w.peer);
  std::vector<std::uint8_t>* larger = &second;
  const auto enough = [&](auto call) {
    auto s = call();
    if (const auto* more = std::get_if<need_buffer>(&s)) {
      larger->resize(more->size);
      REQUIRE(x.set_buffer(*larger));
      larger = larger == &second ? &third : &first;
      s = call();
    }
    return s;
  };
  REQUIRE(is<need_principal>(enough([&] { return x.receive(w.as_req(), w.env_now()); })));
  REQUIRE(is<need_principal>(enough([&] { return x.found(w.client.record, w.env_now()); })));
  const auto s = enough([&] { return x.found(w.tgs.record, w.env_now()); });
  const auto* const no = std::get_if<refused>(&s);
  REQUIRE(no != nullptr);
  return no->octets.size();
}
}  // namespace
TEST_CASE("as_kdc: what a mechanism offers or asks for has space in the buffer that is asked for", "[exchange]") {
  for (std::size_t size = 0; size < 9000; size += 31) {
    REQUIRE(refusal_from<trusting<3000>>(size, false) > 3000);
    REQUIRE(refusal_from<verbose<1000>>(size, true) > 1000);
  }
}
