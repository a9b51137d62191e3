// Where policy conceals its clients: what the AS says of one that there is and of one that there is not.
#include <vector>

#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using o = kdc_option_t;
using a = principal_attribute;

/// Counts what a request costs in cryptography.
struct counting_policy : testing::insecure_policy {
  struct costs {
    unsigned draws = 0, keys = 0, opened = 0, opened_prepared = 0;
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
  constexpr result<std::span<std::uint8_t>> unseal(const kerb::key& k, key_usage_t u, bytes_view in,
                                                   std::span<std::uint8_t> out) noexcept {
    ++spent.opened;
    return insecure_policy::unseal(k, u, in, out);
  }
  constexpr result<std::span<std::uint8_t>> unseal(const prepared_key& k, key_usage_t u, bytes_view in,
                                                   std::span<std::uint8_t> out) noexcept {
    ++spent.opened_prepared;
    return insecure_policy::unseal(k, u, in, out);
  }
};
static_assert(crypto_policy<counting_policy>);
using world = kdc_side<counting_policy>;
using record = principal_record<counting_policy>;
using keys_of_all_types = std::array<std::optional<long_term_key<counting_policy>>, 4>;

/// A record with a key of each encryption type, as a person's is, or the decoy's.
struct person {
  std::array<key, 4> own;
  std::array<std::optional<counting_policy::prepared_key>, 4> stamps;
  std::array<std::optional<prepared_for<counting_policy>>, 4> stamp_uses;
  std::vector<long_term_key<counting_policy>> keys;
  record r;

  person(world& w, std::uint8_t fill, bool prepared, std::optional<kerberos_string> salt) {
    for (std::size_t i = 0; i != 4; ++i) {
      own[i] = w.make(w.offer[i], static_cast<std::uint8_t>(fill + i));
      keys.push_back({.key = own[i], .salt = salt});
      if (!prepared) continue;
      stamps[i].emplace(*w.crypto.prepare(own[i], key_usage_t::as_req_enc_timestamp));
      stamp_uses[i].emplace(prepared_for<counting_policy>{key_usage_t::as_req_enc_timestamp, *stamps[i]});
      keys[i].prepared = view_of<prepared_for<counting_policy>>(&*stamp_uses[i], 1);
    }
    r.principal = alice();
    r.keys = keys;
  }
};

struct answer {
  std::vector<std::uint8_t> octets;
  std::vector<std::size_t> buffers;  ///< what was asked for, beginning with a buffer that is too small
  counting_policy::costs spent;
  error why;
  bool issued = false;
  bool operator==(const answer& other) const {
    return octets == other.octets && buffers == other.buffers && spent == other.spent && issued == other.issued;
  }
};
/// What becomes of a request where the database has these records; null: none.
answer ask(world& w, bytes_view request, const record* client, const record* server, const record* decoy,
           std::size_t typical_buffer_size = 8192) {
  answer got;
  w.crypto.entropy = {};
  w.crypto.spent = {};
  const auto t = w.env_now();
  std::vector<std::vector<std::uint8_t>> buffers;
  buffers.emplace_back(typical_buffer_size);
  kdc<counting_policy> x(w.settings, buffers.back(), w.peer, decoy);
  std::optional<need_principal> asked;
  kdc_step step = x.receive(request, t);
  for (;;) {
    if (const auto* n = std::get_if<need_buffer>(&step)) {
      got.buffers.push_back(n->size);
      buffers.emplace_back(n->size);
      x.set_buffer(buffers.back());
      if (!asked) {
        step = x.receive(request, t);
        continue;
      }
    } else if (const auto* p = std::get_if<need_principal>(&step)) {
      asked = *p;
    } else if (is<authorize>(step)) {
      step = x.issue({}, t);
      continue;
    } else {
      break;
    }
    const record* const r = asked->role == principal_role::client ? client : server;
    step = r != nullptr ? x.found(*r, t) : x.absent(t);
  }
  got.spent = w.crypto.spent;
  if (const auto* no = std::get_if<refused>(&step)) {
    got.octets.assign(no->octets.begin(), no->octets.end());
    got.why = no->why;
  } else if (const auto* yes = std::get_if<reply>(&step)) {
    got.octets.assign(yes->octets.begin(), yes->octets.end());
    got.issued = true;
  } else if (const auto* f = std::get_if<failed>(&step)) {
    got.why = f->why;
  }
  return got;
}
error_code_t code_of(const answer& g) {
  const auto e = asn1::decode<msg::KrbError>(g.octets);
  return e ? e->error_code : error_code_t::kdc_err_none;
}

/// Everything of a client that a refusal could tell.
constexpr void (*states_of_a_client[])(record&) = {
    [](record&) {},
    [](record& r) { r.attributes.set(a::locked); },
    [](record& r) { r.attributes.set(a::not_a_client); },
    [](record& r) { r.attributes.set(a::must_change_password); },
    [](record& r) { r.attributes.set(a::requires_preauth); },
    [](record& r) { r.attributes.set(a::user_to_user_only); },
    [](record& r) { r.valid_from = plus(noon.at, 1); },
    [](record& r) { r.expires = noon.at; },
    [](record& r) { r.password_expires = noon.at; },
};
/// And of a server.
constexpr void (*states_of_a_server[])(record&) = {
    [](record&) {},
    [](record& r) { r.attributes.set(a::locked); },
    [](record& r) { r.attributes.set(a::not_a_server); },
    [](record& r) { r.attributes.set(a::user_to_user_only); },
    [](record& r) { r.attributes.set(a::requires_preauth); },
    [](record& r) { r.attributes.set(a::changes_passwords); },
    [](record& r) { r.expires = noon.at; },
    [](record& r) { r.valid_from = plus(noon.at, 1); },
};
constexpr etype_t all_types[] = {e20, e19, e18, e17}, turned[] = {e17, e18, e19, e20}, only_19[] = {e19},
                  strange[] = {etype_t::rc4_hmac, e18, e18, etype_t(-5)}, none_known[] = {etype_t::rc4_hmac};
constexpr view_of<etype_t> type_lists[] = {all_types, turned, only_19, strange, none_known};
constexpr kerberos_string mailed_parts[] = {"alice@EX.ORG"_krb};
constexpr std::uint8_t no_sequence[] = {0x30, 0x00}, garbage[] = {0xde, 0xad};

/// Requests of every kind, each with the same octets whoever it is about.
template <class F>
void every_request(world& w, person& stranger, F f) {
  const key of_rc4 = w.make(e18, 0x77);
  std::array<std::uint8_t, 4096> copy{};
  for (const bool mailed : {false, true}) {
    for (const bool canonicalize : {false, true}) {
      for (const view_of<etype_t> types : type_lists) {
        for (int stamp = 0; stamp != 8; ++stamp) {
          w.body.cname = mailed ? msg::PrincipalName{name_t::enterprise, mailed_parts} : alice().name;
          w.body.kdc_options.set(o::canonicalize, canonicalize);
          w.body.etype = types;
          w.ask_enc_pa_rep = canonicalize;
          w.with_timestamp = stamp != 0;
          w.stamp_octets = std::optional<bytes_view>{};
          if (stamp == 5) w.stamp_octets = bytes_view();
          if (stamp == 6) w.stamp_octets = bytes_view(no_sequence);
          if (stamp == 7) w.stamp_octets = bytes_view(garbage);
          w.stamp_key = stamp > 0 && stamp < 5 ? &stranger.own[static_cast<std::size_t>(stamp - 1)] : nullptr;
          const bytes_view made = w.as_req();
          detail::copy_octets(made.data(), made.size(), copy.data());
          f(bytes_view(copy).first(made.size()), stamp);
        }
      }
    }
  }
}

/// Whether nothing stands between this client and a ticket for this server, not even pre-authentication.
bool is_for_all(const record& client, const record& server) {
  return detail::check_client(client, server, noon.at).ok() && detail::check_server(server, noon.at).ok() &&
         !client.attributes.has(a::requires_preauth) && !server.attributes.has(a::requires_preauth) &&
         !server.attributes.has(a::user_to_user_only);
}
TEST_CASE("as_kdc: where policy conceals, no answer tells who there is, as a client or as a server",
          "[exchange][rfc4120-3.1.3]") {
  // With a decoy that is prepared as people are, or not, or without one; salts that are said, or not
  struct row {
    bool decoy, prepared, salted, preauth;
  };
  constexpr row rows[] = {{true, true, true, true},  {true, false, false, true}, {false, false, false, true},
                          {false, true, true, true}, {true, true, false, false}, {false, true, true, false}};
  for (const row& how : rows) {
    CAPTURE(how.decoy, how.prepared, how.salted, how.preauth);
    world w;
    w.settings.conceal_unknown_clients = true;
    w.settings.require_preauth = how.preauth;
    const auto salt = how.salted ? std::optional("EX.ORGalice"_krb) : std::nullopt;
    person client(w, 0x80, how.prepared, salt), decoy(w, 0xc0, how.prepared, {}), stranger(w, 0x20, false, {});
    const record* const stands_in = how.decoy ? &decoy.r : nullptr;
    std::size_t asked = 0;
    every_request(w, stranger, [&](bytes_view request, int stamp) {
      ++asked;
      const answer nobody = ask(w, request, nullptr, nullptr, stands_in);
      REQUIRE_FALSE(nobody.issued);
      REQUIRE_FALSE(nobody.octets.empty());
      const auto compare = [&](void (*of_client)(record&), void (*of_server)(record&)) {
        record c = client.r, s = w.tgs.record;
        of_client(c);
        if (of_server != nullptr) of_server(s);
        const record* const there = of_server != nullptr ? &s : nullptr;
        REQUIRE(ask(w, request, nullptr, there, stands_in) == nobody);
        // Only who need not pre-authenticate is told without, and only of a ticket that there is to have
        if (!how.preauth && stamp == 0 && there != nullptr && is_for_all(c, s)) return;
        REQUIRE(ask(w, request, &c, there, stands_in) == nobody);
        if (of_server == nullptr) {  // the same sizes are asked for where there is no space
          REQUIRE(ask(w, request, &c, there, stands_in, 0) == ask(w, request, nullptr, there, stands_in, 0));
        }
      };
      for (const auto of_client : states_of_a_client) compare(of_client, nullptr);
      for (const auto of_client : states_of_a_client) compare(of_client, states_of_a_server[0]);
      for (const auto of_server : states_of_a_server) compare(states_of_a_client[0], of_server);
    });
    REQUIRE(asked == 160);
  }
}

TEST_CASE("as_kdc: where policy conceals, who has pre-authenticated is told the truth", "[exchange][rfc4120-3.1.3]") {
  world w;
  w.settings.conceal_unknown_clients = true;
  person client(w, 0x80, true, {}), decoy(w, 0xc0, true, {});
  w.stamp_key = &client.own[2];
  const bytes_view request = w.as_req();
  const auto told = [&](void (*of_client)(record&), void (*of_server)(record&), bool there = true) {
    record c = client.r, s = w.tgs.record;
    of_client(c);
    of_server(s);
    const answer g = ask(w, request, &c, there ? &s : nullptr, &decoy.r);
    return g.issued ? error_code_t::kdc_err_none : code_of(g);
  };
  const auto plain = [](record&) {};
  CHECK(told(plain, plain) == error_code_t::kdc_err_none);
  CHECK(told(plain, plain, false) == error_code_t::kdc_err_s_principal_unknown);
  CHECK(told([](record& r) { r.attributes.set(a::locked); }, plain) == error_code_t::kdc_err_client_revoked);
  CHECK(told(plain, [](record& r) { r.attributes.set(a::locked); }) == error_code_t::kdc_err_service_revoked);
  CHECK(told(plain, [](record& r) { r.attributes.set(a::user_to_user_only); }) ==
        error_code_t::kdc_err_must_use_user2user);
}

TEST_CASE("as_kdc: a client that need not pre-authenticate is no means to count servers by",
          "[exchange][rfc4120-3.1.3]") {
  world w;
  w.settings.conceal_unknown_clients = true;
  w.settings.require_preauth = w.with_timestamp = false;
  person client(w, 0x80, true, {});
  const bytes_view request = w.as_req();
  record user = w.user.record;
  user.attributes.set(a::user_to_user_only);
  CHECK(ask(w, request, &client.r, &w.tgs.record, nullptr).issued);
  CHECK(code_of(ask(w, request, &client.r, &user, nullptr)) == error_code_t::kdc_err_preauth_required);
  CHECK(ask(w, request, &client.r, &user, nullptr) == ask(w, request, &client.r, nullptr, nullptr));
}

TEST_CASE("as_kdc: where policy conceals a principal that is no client is nobody, whatever keys it has",
          "[exchange][rfc4120-3.1.3]") {
  world w;
  w.settings.conceal_unknown_clients = true;
  person decoy(w, 0xc0, true, {});
  record service = w.tgs.record;  // with a key of type 18 alone
  service.attributes.set(a::not_a_client);
  for (const bool tried : {false, true}) {
    w.with_timestamp = tried;
    w.stamp_key = &w.tgs.own;
    const bytes_view request = w.as_req();
    for (const record* const stands_in : {static_cast<const record*>(nullptr), static_cast<const record*>(&decoy.r)})
      CHECK(ask(w, request, &service, &w.tgs.record, stands_in) == ask(w, request, nullptr, &w.tgs.record, stands_in));
  }
}

TEST_CASE("as_kdc: nobody proves to be somebody with the decoy's key", "[exchange][rfc4120-5.2.7.2]") {
  world w;
  w.settings.conceal_unknown_clients = true;
  person decoy(w, 0xc0, true, {});
  w.stamp_key = &decoy.own[2];
  CHECK(code_of(ask(w, w.as_req(), nullptr, &w.tgs.record, &decoy.r)) == error_code_t::kdc_err_preauth_failed);
  w.stamp = timestamp{plus(noon.at, 3600), {}};  // nor learns that the key was right
  CHECK(code_of(ask(w, w.as_req(), nullptr, &w.tgs.record, &decoy.r)) == error_code_t::kdc_err_preauth_failed);
}

TEST_CASE("as_kdc: hints for a client that there is not are of the decoy's types, with its parameters",
          "[exchange][rfc4120-5.2.7.5]") {
  world w;
  w.settings.conceal_unknown_clients = true;
  w.with_timestamp = false;
  person client(w, 0x80, true, {}), decoy(w, 0xc0, true, "another salt"_krb);
  constexpr std::uint8_t params[] = {0, 0, 0x80, 0};
  for (person* p : {&client, &decoy}) {
    p->keys.erase(p->keys.begin());  // of type 20
    for (auto& k : p->keys) k.s2kparams = params;
    p->r.keys = p->keys;
  }
  const bytes_view request = w.as_req();
  CHECK(ask(w, request, &client.r, &w.tgs.record, &decoy.r) == ask(w, request, nullptr, &w.tgs.record, &decoy.r));
  w.body.etype = view_of<etype_t>(all_types, 1);
  CHECK(code_of(ask(w, w.as_req(), nullptr, &w.tgs.record, &decoy.r)) == error_code_t::kdc_err_etype_nosupp);
}

TEST_CASE("as_kdc: the salt of an enterprise name that nobody has is that of the name in front of its last @",
          "[exchange][rfc6806-5]") {
  world w;
  w.settings.conceal_unknown_clients = true;
  w.with_timestamp = false;
  w.body.kdc_options.set(o::canonicalize);
  const auto salt = [&](const msg::PrincipalName& name) -> std::string {
    w.body.cname = name;
    const answer g = ask(w, w.as_req(), nullptr, nullptr, nullptr);
    const auto e = asn1::decode<msg::KrbError>(g.octets);
    const auto m = e ? asn1::decode_as<msg::MethodData>("METHOD-DATA", *e->e_data) : errc::truncated;
    if (!m) return "none";
    for (const msg::PaData p : *m) {
      if (p.padata_type != padata_t::etype_info2) continue;
      const auto info = asn1::decode_as<msg::EtypeInfo2>("ETYPE-INFO2", p.padata_value);
      const kerberos_string s = (*info->begin()).salt.value_or("no salt"_krb);
      return {s.octets.begin(), s.octets.end()};
    }
    return "no hint";
  };
  constexpr kerberos_string twice[] = {"a@b@c"_krb}, bare[] = {"alice"_krb}, two[] = {"a"_krb, "b@c"_krb};
  CHECK(salt({name_t::enterprise, twice}) == "EX.ORGa@b");
  CHECK(salt({name_t::enterprise, bare}) == "EX.ORGalice");
  CHECK(salt({name_t::enterprise, two}) == "EX.ORGab@c");
  CHECK(salt({name_t::principal, twice}) == "EX.ORGa@b@c");
}

TEST_CASE("as_kdc: where there is no decoy and no randomness the exchange fails, for everybody", "[exchange]") {
  for (const bool known : {false, true}) {
    world w;
    w.settings.conceal_unknown_clients = true;
    const bytes_view request = w.as_req();
    w.crypto.entropy = {};
    w.crypto.entropy.fail_at = 1;
    const environment t = w.env_now();
    kdc<counting_policy> x(w.settings, std::span(w.scratch));
    kdc_step step = x.receive(request, t);
    step = known ? x.found(w.client.record, t) : x.absent(t);
    step = x.found(w.tgs.record, t);
    const auto* f = std::get_if<failed>(&step);
    CHECK((f != nullptr && f->why.code == errc::entropy));
  }
}

TEST_CASE("as_kdc: why a timestamp proves nothing is told to the program, and not to the client",
          "[exchange][rfc4120-5.2.7.2]") {
  world w;
  std::array<std::uint8_t, 128> sealed{}, octets{};
  const auto under_the_key = [&](bytes_view plain) {
    errc why = errc::ok;
    auto text = asn1::computed{[&](der::writer& out) { out.octets(plain); }};
    auto data = asn1::computed{[&](der::writer& out) {
      write_sealed(out, text, w.client.own, key_usage_t::as_req_enc_timestamp, w.env_now(), why);
    }};
    return *asn1::encode(data, sealed);
  };
  constexpr std::uint8_t cut[] = {0x30, 0x11, 0xa0, 0x0f}, another[] = {0x7b, 0x00};
  const msg::EncryptedData of_another_type{e17, {}, bytes_view(octets).first(40)},
      of_a_forbidden_type{etype_t::rc4_hmac, {}, bytes_view(octets).first(40)};
  std::array<std::uint8_t, 128> first{}, second{};
  struct row {
    bytes_view stamp;
    errc why;
    const char* type;
  };
  std::array<std::uint8_t, 128> cut_sealed{}, another_sealed{};
  const auto keep = [](bytes_view v, std::span<std::uint8_t> to) {
    detail::copy_octets(v.data(), v.size(), to.data());
    return bytes_view(to).first(v.size());
  };
  const row rows[] = {{keep(under_the_key(cut), cut_sealed), errc::truncated, "PA-ENC-TS-ENC"},
                      {keep(under_the_key(another), another_sealed), errc::unexpected_tag, "PA-ENC-TS-ENC"},
                      {bytes_view(garbage), errc::unexpected_tag, "EncryptedData"},
                      {*asn1::encode(of_another_type, first), errc::no_key, "AS-REQ"},
                      {*asn1::encode(of_a_forbidden_type, second), errc::unsupported_etype, "AS-REQ"}};
  std::vector<std::uint8_t> sent;
  for (const row& r : rows) {
    w.stamp_octets = r.stamp;
    const answer g = ask(w, w.as_req(), &w.client.record, &w.tgs.record, nullptr);
    INFO(name_of(g.why.code) << " in " << g.why.type << "." << g.why.field);
    CHECK(code_of(g) == error_code_t::kdc_err_preauth_failed);
    CHECK(name_of(g.why.code) == name_of(r.why));
    CHECK(std::string_view(g.why.type) == r.type);
    if (!sent.empty()) CHECK(g.octets == sent);
    sent = g.octets;
  }
}
}  // namespace
