// The long-term key of the AS client: how hints say to make it, how often it is made, what forged hints can do.
#include <vector>

#include "support/as_login.hpp"
#include "support/both.hpp"

using namespace kerb_test;

// ---- keys from hints

TEST_CASE("as_client: iterations outside the limits are refused, and inside they count",
          "[exchange][rfc4120-5.2.7.5]") {
  struct row {
    std::array<std::uint8_t, 4> params;
    std::uint64_t count;
    bool good;
  };
  const row rows[] = {{{0, 0, 0, 1}, 1, false},
                      {{0, 0, 0x7f, 0xff}, 32767, false},
                      {{0, 0, 0x80, 0}, 32768, true},
                      {{0, 1, 0, 0}, 65536, true},
                      {{0, 0x10, 0, 0}, 1048576, true},
                      {{0, 0x10, 0, 1}, 1048577, false},
                      {{0xff, 0xff, 0xff, 0xff}, 0, false},
                      {{0, 0, 0, 0}, std::uint64_t{1} << 32, false}};
  for (const row& r : rows) {
    as_login login(without_password);
    REQUIRE(is<send>(login.start()));
    const auto s = login.hints({.s2kparams = bytes_view(r.params)});
    INFO(r.count);
    if (r.good) {
      REQUIRE(is<need_key>(s));
      REQUIRE(std::get<need_key>(s).iterations.count == r.count);
    } else {
      REQUIRE(fails_with(s, errc::bad_s2k_parameters, "s2kparams"));
    }
  }
}

TEST_CASE("as_client: the limits of iterations are the caller's", "[exchange][rfc4120-5.2.7.5]") {
  for (const std::array<std::uint8_t, 4> p : {std::array<std::uint8_t, 4>{0, 0, 0, 1}, std::array<std::uint8_t, 4>{}}) {
    as_login login(without_password);
    login.w.limits.min_iterations = 1;
    login.w.limits.max_iterations = std::uint64_t{1} << 32;
    REQUIRE(is<send>(login.start()));
    const auto s = login.hints({.s2kparams = bytes_view(p)});
    REQUIRE(is<need_key>(s));
    REQUIRE(std::get<need_key>(s).iterations.count == (p[3] == 1 ? 1 : std::uint64_t{1} << 32));
  }
}

TEST_CASE("as_client: parameters of another size are refused", "[exchange][rfc3962-4]") {
  const std::uint8_t five[5] = {0, 0, 0, 0x80, 0};
  for (std::size_t n : {0u, 3u, 5u}) {
    as_login login;
    REQUIRE(is<send>(login.start()));
    REQUIRE(fails_with(login.hints({.s2kparams = bytes_view(five).first(n)}), errc::bad_s2k_parameters, "s2kparams"));
  }
}

TEST_CASE("as_client: hints for none of our encryption types fail", "[exchange][rfc4120-5.2.7.5]") {
  as_login login;
  REQUIRE(is<send>(login.start()));
  REQUIRE(fails_with(login.hints({.etype = etype_t::des_cbc_md5}), errc::etype_not_offered, ""));
}

TEST_CASE("as_client: the default salt is the realm and the components", "[exchange][rfc4120-4]") {
  as_login login(without_password);
  REQUIRE(is<send>(login.start()));
  const auto s = login.hints();
  REQUIRE(is<need_key>(s));
  REQUIRE(std::get<need_key>(s).salt == "EX.ORGalice"_krb.octets);
  SECTION("a key of another encryption type than was asked for is misuse") {
    REQUIRE(why(login.provide(login.w.make(e17, 1))).code == errc::api_misuse);
  }
}

TEST_CASE("as_client: hints in the reply tell how the key is made", "[exchange][rfc4120-3.1.5]") {
  const info2_padata other({e20, "other salt"_krb, {}});
  as_login login;
  const key salted = must(login.w.policy.string_to_key(e20, login.w.password, "other salt"_krb.octets, {32768}));
  login.start();
  const auto bend = [&](reply_spec& s) {
    s.padata = other.list();
    s.seal_with = &salted;
  };
  REQUIRE(is<done>(login.reply(bend, transport::stream)));
}

TEST_CASE("as_client: a reply under another encryption type than the timestamp is opened with a key of its own",
          "[exchange][rfc4120-3.1.5]") {
  as_login login;
  REQUIRE(is<send>(login.start()));
  login.hints();
  const key k17 = *login.w.policy.string_to_key(e17, login.w.password, "EX.ORGalice"_krb.octets, {4096});
  REQUIRE(is<done>(login.reply([&](reply_spec& s) { s.seal_with = &k17; })));
  // but not where there is one key alone
  as_login with_one(with_the_key);
  with_one.start();
  const auto s = with_one.reply([&](reply_spec& r) { r.seal_with = &k17; });
  REQUIRE(is<ignored>(s));
  REQUIRE(why(s).code == errc::no_key);
  REQUIRE(std::string_view(why(s).type) == "ETYPE-INFO2");
}

TEST_CASE("as_client: broken parameters in a reply are passed over on a datagram", "[exchange][rfc4120-3.1.5]") {
  static constexpr std::uint8_t few[] = {0, 0, 1};
  const info2_padata broken({e20, {}, bytes_view(few)});
  as_login login;
  login.start();
  const auto s = login.reply([&](reply_spec& r) { r.padata = broken.list(); });
  REQUIRE(is<ignored>(s));
  REQUIRE(why(s).code == errc::bad_s2k_parameters);
}

namespace {
/// Fails where it is told to.
struct failing_policy : testing::insecure_policy {
  bool digests = true, derives = true;
  constexpr errc digest(view_of<bytes_view> pieces, std::span<std::uint8_t, 32> out) noexcept {
    return digests ? testing::insecure_policy::digest(pieces, out) : errc::crypto_backend;
  }
  constexpr result<key> string_to_key(etype_t e, secret_view password, bytes_view salt, s2k_iterations n) noexcept {
    if (!derives) return errc::bad_password;
    return testing::insecure_policy::string_to_key(e, password, salt, n);
  }
};
}  // namespace

TEST_CASE("as_client: a library that makes no digest or no key ends the exchange", "[exchange]") {
  for (const bool digests : {true, false}) {
    kdc_world w;
    failing_policy p;
    std::array<std::uint8_t, 2048> buffer{};
    as_client<failing_policy> x(w.ask_as(buffer));
    const environment<failing_policy> t{p, noon, w.limits};
    REQUIRE(is<send>(x.start(t)));
    (digests ? p.derives : p.digests) = false;
    REQUIRE(why(x.receive(w.hints(), t)).code == (digests ? errc::bad_password : errc::crypto_backend));
  }
}

// ---- keys from the caller

TEST_CASE("as_client: without a password it asks for the key, with the salt and the parameters",
          "[exchange][rfc4120-3.1.3]") {
  as_login login(without_password);
  REQUIRE(is<send>(login.start()));
  const auto s = login.hints({.etype = e18, .salt = "salt!"_krb});
  REQUIRE(is<need_key>(s));
  REQUIRE(std::get<need_key>(s).etype == e18);
  REQUIRE(std::get<need_key>(s).salt == "salt!"_krb.octets);
  REQUIRE(std::get<need_key>(s).iterations.count == 4096);
  REQUIRE(is<send>(login.provide(login.w.make(e18, 0x55))));
  const key same = login.w.make(e18, 0x55);
  REQUIRE(is<done>(login.reply([&](reply_spec& r) { r.seal_with = &same; })));
}

TEST_CASE("as_client: a key for the reply alone is asked for when it is needed", "[exchange][rfc4120-3.1.5]") {
  as_login login(without_password);
  login.start();
  const auto s = login.reply(honest);
  REQUIRE(is<need_key>(s));
  REQUIRE(std::get<need_key>(s).etype == e20);
  REQUIRE(is<done>(login.provide(login.w.client_key.copy())));
}

TEST_CASE("as_client: a long-term key serves instead of a password, its own type offered first",
          "[exchange][rfc4120-3.1.3]") {
  const key k = kdc_world().make(e17, 7);
  const auto with_another_key = [&](auto& ask) { ask.password = {}, ask.key = k; };
  as_login login(with_another_key);
  login.start();
  const auto req = asn1::decode<msg::AsReq>(login.sent);
  REQUIRE(req->req_body->etype.size() == 4);
  REQUIRE(*req->req_body->etype.begin() == e17);
  REQUIRE(is<send>(login.hints({.etype = e17})));
  REQUIRE(is<done>(login.reply([&](reply_spec& s) { s.seal_with = &k; })));
  as_login other(with_another_key);
  REQUIRE(is<send>(other.start()));
  REQUIRE(fails_with(other.hints({.etype = e20}), errc::etype_not_offered, ""));
}

TEST_CASE("as_client: a key that was provided is asked for once, whatever it opens", "[exchange]") {
  as_login login(without_password);
  login.start();
  REQUIRE(is<need_key>(login.reply([&](reply_spec& s) { s.seal_with = &login.w.tgs_key; })));
  REQUIRE(is<ignored>(login.provide(login.w.client_key.copy())));
  REQUIRE(is<done>(login.reply(honest)));
}

TEST_CASE("as_client: a reply that changed while the key was fetched fails", "[exchange]") {
  std::array<std::uint8_t, 1024> wire{};
  as_login login(without_password);
  login.start();
  const bytes_view rep = login.w.as_rep(login.sent, honest);
  for (std::size_t i = 0; i != rep.size(); ++i) wire[i] = rep[i];
  REQUIRE(is<need_key>(login.receive(bytes_view(wire).first(rep.size()))));
  wire.fill(0);
  REQUIRE(is<failed>(login.provide(login.w.client_key.copy())));
}

TEST_CASE("as_client: hints that changed while the key was fetched end the exchange", "[exchange]") {
  std::array<std::uint8_t, 512> wire{};
  as_login login(without_password);
  REQUIRE(is<send>(login.start()));
  const bytes_view hints = login.w.hints();
  for (std::size_t i = 0; i != hints.size(); ++i) wire[i] = hints[i];
  REQUIRE(is<need_key>(login.receive(bytes_view(wire).first(hints.size()))));
  wire.fill(0xff);
  REQUIRE(is<failed>(login.provide(login.w.client_key.copy())));
}

TEST_CASE("as_client: a key that was provided ends the exchange as any other", "[exchange]") {
  for (const bool good : {true, false}) {
    as_login login(without_password);
    login.start();
    const auto bend = [&](reply_spec& s) { s.part.nonce = s.part.nonce ^ (good ? 0u : 1u); };
    const bytes_view rep = login.w.as_rep(login.sent, bend);
    REQUIRE(is<need_key>(login.receive(rep, transport::stream)));
    const auto s = login.provide(login.w.client_key.copy());
    REQUIRE(is<done>(s) == good);
    if (good) REQUIRE(std::move(login.x).take().has_value());
    else REQUIRE(why(login.receive(rep)).code == errc::nonce_mismatch);
  }
  as_login out_of_range(without_password);
  out_of_range.start();
  REQUIRE(is<need_key>(out_of_range.reply(honest)));
  out_of_range.at = timestamp{{latest_time.seconds + 1}, {0}};
  REQUIRE(why(out_of_range.provide(out_of_range.w.client_key.copy())).code == errc::clock_out_of_range);
}

// ---- forged hints

TEST_CASE("as_client: a forged reply with another salt does not spoil the key", "[exchange][rfc4120-3.1.5]") {
  const msg::EtypeInfo2Entry entries[] = {{e20, "forged"_krb, {}}, {e17, "forged"_krb, {}}};
  std::array<std::uint8_t, 64> info{};
  const msg::PaData list[] = {{padata_t::etype_info2, must(asn1::encode(msg::EtypeInfo2(view_of(entries)), info))}};
  for (const bool preauthenticated : {false, true}) {
    for (const etype_t claimed : {e20, e17}) {
      as_login login;
      login.start();
      if (preauthenticated) login.hints();
      const auto forge = [&](reply_spec& s) {
        s.padata = msg::MethodData(view_of(list));
        s.seal_with = &login.w.tgs_key;
        s.claimed = claimed;
      };
      REQUIRE(is<ignored>(login.reply(forge)));
      REQUIRE(is<done>(login.reply(honest)));
    }
  }
}

TEST_CASE("as_client: a key that was provided for a forged reply is not tried on the next one",
          "[exchange][rfc4120-3.1.5]") {
  const info2_padata forged({e20, "forged"_krb, {}});
  as_login login(without_password);
  login.start();
  const auto forge = [&](reply_spec& s) {
    s.padata = forged.list();
    s.seal_with = &login.w.tgs_key;
  };
  const auto asked = login.reply(forge);
  REQUIRE(is<need_key>(asked));
  REQUIRE(std::get<need_key>(asked).salt == "forged"_krb.octets);
  REQUIRE(is<ignored>(login.provide(login.w.make(e20, 9))));
  const auto again = login.reply(honest);
  REQUIRE(is<need_key>(again));
  REQUIRE(std::get<need_key>(again).salt == "EX.ORGalice"_krb.octets);
  REQUIRE(is<done>(login.provide(login.w.client_key.copy())));
}

TEST_CASE("as_client: hints in a reply change nothing where the key is known, since anyone can have added them",
          "[exchange][rfc4120-3.1.5]") {
  const info2_padata forged({e20, "forged"_krb, {}});
  for (const bool has_password : {true, false}) {
    as_login login([&](auto& ask) {
      if (!has_password) ask.password = {};
    });
    REQUIRE(is<send>(login.start()));
    login.hints();
    if (!has_password) login.provide(login.w.client_key.copy());
    REQUIRE(is<done>(login.reply([&](reply_spec& s) { s.padata = forged.list(); })));
  }
}

TEST_CASE("as_client: forged replies make it compute a bounded number of keys", "[exchange]") {
  as_login login;
  login.w.limits.max_rounds = 3;
  login.start();
  const auto forged = [&](std::uint8_t letter) {
    const std::uint8_t salt[] = {letter};
    const info2_padata forged_hints({e20, kerberos_string{salt}, {}});
    const auto bend = [&](reply_spec& s) {
      s.padata = forged_hints.list();
      s.seal_with = &login.w.tgs_key;
    };
    return login.reply(bend);
  };
  for (const std::uint8_t salt : {'a', 'b', 'c', 'a', 'b', 'c'}) REQUIRE(why(forged(salt)).code == errc::integrity);
  for (const std::uint8_t salt : {'d', 'e'}) {
    const auto s = forged(salt);
    REQUIRE(is<ignored>(s));
    REQUIRE(why(s).code == errc::too_many_rounds);
  }
  REQUIRE(why(forged('a')).code == errc::integrity);  // a key that is there costs nothing
}

TEST_CASE("as_client: the keys of forged replies leave those of the KDC's hints", "[exchange][security]") {
  for (const bool has_password : {true, false}) {
    as_login login([&](auto& ask) {
      if (!has_password) ask.password = {};
    });
    login.start();
    std::uint8_t salt = 'a';
    const auto forge = [&] {  // more than the exchange derives keys for
      for (int i = 0; i != 8; ++i, ++salt) {
        const std::uint8_t octets[] = {salt};
        const info2_padata forged_hints({e20, kerberos_string{octets}, {}});
        auto s = login.reply([&](reply_spec& r) {
          r.padata = forged_hints.list();
          r.seal_with = &login.w.tgs_key;
        });
        if (is<need_key>(s)) s = login.provide(login.w.make(e20, salt));
        REQUIRE(is<ignored>(s));
      }
    };
    forge();
    auto s = login.hints({.salt = "a salt of its own"_krb});
    const key genuine =
        must(login.w.policy.string_to_key(e20, login.w.password, "a salt of its own"_krb.octets, {32768}));
    if (!has_password) {
      REQUIRE(is<need_key>(s));
      s = login.provide(genuine.copy());
    }
    REQUIRE(is<send>(s));
    forge();
    REQUIRE(is<done>(login.reply([&](reply_spec& r) { r.seal_with = &genuine; })));
  }
}

TEST_CASE("as_client: with a key of its own, no number of forged replies ends a login", "[exchange][security]") {
  as_login login;
  login.start();
  login.hints();
  for (std::uint8_t letter = 'a'; letter != 'z'; ++letter) {
    const std::uint8_t salt[] = {letter};
    const info2_padata forged_hints({e17, kerberos_string{salt}, {}});
    REQUIRE(is<ignored>(login.reply([&](reply_spec& s) {
      s.padata = forged_hints.list();
      s.seal_with = &login.w.tgs_key;
      s.claimed = e17;
    })));
  }
  REQUIRE(is<done>(login.reply(honest)));
}

namespace {
/// Takes no long salt, as libraries do from 1025 octets on; replies of that size are not of this world.
struct short_salts : testing::insecure_policy {
  constexpr result<key> string_to_key(etype_t e, secret_view password, bytes_view salt, s2k_iterations n) noexcept {
    if (salt.size() > 20) return errc::bad_s2k_parameters;
    return testing::insecure_policy::string_to_key(e, password, salt, n);
  }
};
}  // namespace
TEST_CASE("as_client: hints in a forged reply that no key can be made with are ignored on a datagram",
          "[exchange][rfc4120-3.1.5][security]") {
  const std::vector<std::uint8_t> long_salt(21, 'x');
  const std::uint8_t most_iterations[] = {0xff, 0xff, 0xff, 0xff}, five[] = {1, 2, 3, 4, 5};
  const msg::EtypeInfo2Entry entries[] = {{e20, kerberos_string{bytes_view(long_salt)}, {}},
                                          {e20, {}, bytes_view(most_iterations)},
                                          {e20, {}, bytes_view(five)}};
  for (const msg::EtypeInfo2Entry& e : entries) {
    std::vector<std::uint8_t> info(2000);
    const msg::EtypeInfo2Entry one[] = {e};
    const msg::PaData list[] = {
        {padata_t::etype_info2, must(asn1::encode(msg::EtypeInfo2(view_of<msg::EtypeInfo2Entry>(one)), info))}};
    for (const transport how : {transport::datagram, transport::stream}) {
      std::vector<std::uint8_t> buffer(8192);
      kdc_world w;
      short_salts p;
      const environment<short_salts> t{p, noon, w.limits};
      as_client<short_salts> x(w.ask_as(buffer));
      const auto first = x.start(t);
      const bytes_view request = std::get<send>(first).octets;
      const auto s = x.receive(w.as_rep(request,
                                        [&](reply_spec& r) {
                                          r.padata = msg::MethodData(view_of<msg::PaData>(list));
                                          r.seal_with = &w.tgs_key;
                                        }),
                               t, how);
      REQUIRE(why(s).code == errc::bad_s2k_parameters);
      REQUIRE(is<ignored>(s) == (how == transport::datagram));
      if (how == transport::datagram) REQUIRE(is<done>(x.receive(w.as_rep(request, honest), t)));
    }
  }
}

// ---- how often a key is made

namespace {
/// Counts the keys that are made from passwords.
struct counting_policy : testing::insecure_policy {
  unsigned derived = 0;
  constexpr result<key> string_to_key(etype_t e, secret_view password, bytes_view salt, s2k_iterations n) noexcept {
    ++derived;
    return testing::insecure_policy::string_to_key(e, password, salt, n);
  }
};
}  // namespace

TEST_CASE("as_client: a wrong password without pre-authentication is passed over as often as the reply comes",
          "[exchange][rfc4120-3.1.5]") {
  kdc_world w;
  counting_policy p;
  std::array<std::uint8_t, 2048> buffer{};
  static constexpr std::uint8_t wrong[] = {'w', 'r', 'o', 'n', 'g'};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = secret_view(wrong, 5);
  as_client<counting_policy> x(ask);
  const environment<counting_policy> t{p, noon, w.limits};
  const auto sent = x.start(t);
  const bytes_view rep = w.as_rep(std::get<send>(sent).octets, honest);
  for (int i = 0; i != 20; ++i) {
    const auto s = x.receive(rep, t);
    REQUIRE(is<ignored>(s));
    REQUIRE(why(s).code == errc::integrity);
  }
  REQUIRE(p.derived == 1);
  REQUIRE(is<failed>(x.receive(rep, t, transport::stream)));
}

TEST_CASE("as_client: a key is made once for one encryption type, salt and number of iterations",
          "[exchange][rfc4120-5.2.7.5]") {
  static constexpr std::uint8_t many[] = {0, 1, 0, 0};
  kdc_world w;
  counting_policy p;
  std::array<std::uint8_t, 2048> buffer{};
  as_client<counting_policy> x(w.ask_as(buffer));
  const environment<counting_policy> t{p, noon, w.limits};
  const auto sent = x.start(t);
  const auto replied = [&](etype_t e, std::optional<kerberos_string> salt, std::optional<bytes_view> params) {
    const info2_padata hints({e, salt, params});
    const auto bend = [&](reply_spec& s) {
      s.padata = hints.list();
      s.seal_with = &w.tgs_key;
      s.claimed = e;
    };
    REQUIRE(why(x.receive(w.as_rep(std::get<send>(sent).octets, bend), t)).code == errc::integrity);
    return p.derived;
  };
  for (int i = 0; i != 3; ++i) {
    replied(e20, {}, {});
    replied(e20, "EX.ORGalice"_krb, {});  // the default one
    replied(e20, "other"_krb, {});
    replied(e20, {}, bytes_view(many));
    replied(e17, {}, {});
    REQUIRE(p.derived == 4);
  }
  // and the round's key is that of the reply
  const auto second = x.receive(w.hints(), t);
  REQUIRE(is<send>(second));
  REQUIRE(is<done>(x.receive(w.as_rep(std::get<send>(second).octets, honest), t)));
  REQUIRE(p.derived == 4);
}

TEST_CASE("as_client: a call that is repeated in a larger buffer makes and counts no key again", "[exchange]") {
  kdc_world w;
  w.limits.max_rounds = 2;
  counting_policy p;
  std::array<std::uint8_t, 2048> small{}, large{};
  as_client<counting_policy> x(w.ask_as(std::span(small).first(0)));
  const environment<counting_policy> t{p, noon, w.limits};
  const auto none = x.start(t);
  x.set_buffer(std::span(small).first(std::get<need_buffer>(none).size));
  REQUIRE(is<send>(x.start(t)));
  const bytes_view hints = w.hints({.cookie = bytes_view(w.password_octets)});
  for (int i = 0; i != 5; ++i) REQUIRE(is<need_buffer>(x.receive(hints, t)));
  REQUIRE(p.derived == 1);
  x.set_buffer(large);
  REQUIRE(is<send>(x.receive(hints, t)));
  REQUIRE(p.derived == 1);
}
