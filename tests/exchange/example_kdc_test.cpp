// The KDC of examples/kdc without its sockets: the same answers in any buffer, and what its look-ups reveal.
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <kerb/client.hpp>
#include <kerb/testing/mint.hpp>

#include "../examples/kdc/answer.hpp"
#include "../examples/kdc/file_store.hpp"
#include "support/catch.hpp"
#include "support/must.hpp"

using namespace kerb;
using namespace kerb::literals;
using kerb_test::must;

namespace {

constexpr etype_t all_types[] = {etype_t::aes256_cts_hmac_sha384_192, etype_t::aes128_cts_hmac_sha256_128,
                                 etype_t::aes256_cts_hmac_sha1_96, etype_t::aes128_cts_hmac_sha1_96};

/// An AS-REQ for a ticket-granting ticket of this client, with a PA-ENC-TIMESTAMP of so many octets, or none.
std::vector<std::uint8_t> as_req(const std::string& client, name_t type = name_t::principal, std::size_t stamp = 0) {
  const kerberos_string one[] = {kerberos_string::of(client)}, tgs[] = {"krbtgt"_krb, "EXAMPLE.ORG"_krb};
  msg::KdcReqBody body;
  body.cname = msg::PrincipalName{type, one};
  body.realm = "EXAMPLE.ORG"_krb;
  body.sname = msg::PrincipalName{name_t::srv_inst, tgs};
  body.nonce = 7;
  body.etype = all_types;
  if (type == name_t::enterprise) body.kdc_options.set(kdc_option_t::canonicalize);
  const std::vector<std::uint8_t> cipher(stamp);
  std::vector<std::uint8_t> sealed(stamp + 100);
  std::array<msg::PaData, 1> padata{};
  std::optional<msg::MethodData> own;
  if (stamp != 0) {
    padata[0] = {padata_t::enc_timestamp,
                 *asn1::encode(msg::EncryptedData{all_types[2], {}, bytes_view(cipher)}, sealed)};
    own = msg::MethodData{view_of<msg::PaData>(padata)};
  }
  const msg::KdcReq<msg_t::as_req, std::optional<msg::MethodData>, msg::KdcReqBody> request{own, body};
  std::vector<std::uint8_t> octets(asn1::encoded_size(request));
  REQUIRE(asn1::encode(request, octets));
  return octets;
}

std::filesystem::path made_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "kerb-example-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  return name;
}
std::string written(const std::filesystem::path& file, const std::string& lines) {
  std::ofstream(file) << lines;
  return file.string();
}

/// The example's KDC with these lines as its file.
class example_kdc {
 public:
  explicit example_kdc(const std::string& lines)
      : directory_(made_directory()),
        store_(written(directory_ / "principals", lines), directory_ / "keytab", "EXAMPLE.ORG", crypto_),
        realm_("EXAMPLE.ORG", store_),
        answer_(realm_, store_, crypto_, log_) {}
  example_kdc(const example_kdc&) = delete;
  example_kdc& operator=(const example_kdc&) = delete;
  ~example_kdc() { std::filesystem::remove_all(directory_); }

  /// The KRB-ERROR, which is valid until the next call.
  msg::KrbError refusal_of(const std::vector<std::uint8_t>& request) {
    const bytes_view framed = answer_(request, {{}, transport::stream}, "a test");
    REQUIRE(framed.size() > 4);
    const auto e = asn1::decode<msg::KrbError>(framed.subview(4));
    REQUIRE(e);
    return *e;
  }
  /// The answer, on a stream with its length in front; valid until the next call.
  bytes_view answer(bytes_view request, transport arrived) { return answer_(request, {{}, arrived}, "a test"); }
  bytes_view too_long() { return answer_.too_long("a test"); }
  const key& key_of(const std::string& name) { return store_.find(name)->keys()[0].key; }
  example::policy& crypto() { return crypto_; }

 private:
  std::filesystem::path directory_;
  example::policy crypto_;
  example::file_store store_;
  example::realm_settings realm_;
  example::journal log_{true};
  example::answerer answer_;
};

// Built with AddressSanitizer, this also shows that nothing touches a buffer that was replaced.
TEST_CASE("examples/kdc: a request for which the buffer grows gets its answer", "[exchange]") {
  // The name's salt is already in the buffer when the timestamp shows that the buffer is too small
  example_kdc kdc("policy conceal_unknown_clients\nprincipal alice password=wonderland\n");
  const std::string name(3900, 'a');
  for (const std::size_t stamp : {20000, 30000, 50000, 60000, 100000}) {
    CAPTURE(stamp);
    CHECK(kdc.refusal_of(as_req(name, name_t::principal, stamp)).error_code == error_code_t::kdc_err_preauth_failed);
  }
  CHECK(kdc.refusal_of(as_req("alice")).error_code == error_code_t::kdc_err_preauth_required);
}

std::size_t length_in_front(bytes_view framed) {
  REQUIRE(framed.size() > 4);
  std::size_t n = 0;
  for (const std::uint8_t o : framed.first(4)) n = n << 8 | o;
  return n;
}
// The path of such a client grows in the KDC's buffer
TEST_CASE("examples/kdc: a client that came through another realm gets its answer over TCP with its length in front",
          "[exchange][rfc4120-7.2.2]") {
  example_kdc kdc(
      "principal HTTP/web\n"
      "principal krbtgt/EXAMPLE.ORG@B.ORG password=x\n"
      "capath A.ORG EXAMPLE.ORG B.ORG\n");
  const kerberos_string tgs[] = {"krbtgt"_krb, "EXAMPLE.ORG"_krb}, http[] = {"HTTP"_krb, "web"_krb},
                        alice[] = {"alice"_krb};
  const principal_view from_b{{name_t::srv_inst, tgs}, "B.ORG"_krb}, web{{name_t::principal, http}, "EXAMPLE.ORG"_krb};
  const key& trust = kdc.key_of("krbtgt/EXAMPLE.ORG@B.ORG");
  const environment env{kdc.crypto(), example::now()};
  for (const kerberos_string realm : {"B.ORG"_krb, "A.ORG"_krb}) {
    const principal_view client{{name_t::principal, alice}, realm};
    auto session = must(draw_key(trust.etype(), env));
    msg::EncTicketPart part;
    part.key = {session.etype(), session.octets().unguarded()};
    part.crealm = realm;
    part.cname = client.name;
    part.transited.tr_type = tr_t::domain_x500_compress;
    part.authtime = env.now.at;
    part.endtime = plus(env.now.at, 3600);
    std::vector<std::uint8_t> ticket(2000), buffer(8192);
    ticket_facts facts;
    facts.client = client;
    facts.server = from_b;
    facts.ticket = must(testing::mint_ticket(from_b, part, trust, 1, env, ticket));
    facts.authtime = facts.starttime = part.authtime;
    facts.endtime = part.endtime;
    const basic_credential<key> tgt(facts, std::move(session));
    for (const transport how : {transport::datagram, transport::stream}) {
      CAPTURE(realm.text(), how == transport::stream);
      tgs_client<example::policy> x({.tgt = tgt, .server = web, .buffer = buffer});
      const auto first = x.start(env);
      REQUIRE(is<send>(first));
      const bytes_view answer = kdc.answer(std::get<send>(first).octets, how);
      const bool stream = how == transport::stream;
      if (stream) CHECK(length_in_front(answer) == answer.size() - 4);
      CHECK(is<done>(x.receive(stream ? answer.subview(4) : answer, env, how)));
    }
  }
  const bytes_view last = kdc.too_long();
  CHECK(length_in_front(last) == last.size() - 4);
  CHECK(must(asn1::decode<msg::KrbError>(last.subview(4))).error_code == error_code_t::krb_err_field_toolong);
}

/// The salt in the hints of a refusal, for the first type.
std::string salt_of(const msg::KrbError& e) {
  REQUIRE(e.error_code == error_code_t::kdc_err_preauth_required);
  const auto list = asn1::decode_as<msg::MethodData>("METHOD-DATA", e.e_data.value());
  REQUIRE(list);
  for (const msg::PaData pa : *list) {
    if (pa.padata_type != padata_t::etype_info2) continue;
    const auto hints = asn1::decode_as<msg::EtypeInfo2>("ETYPE-INFO2", pa.padata_value);
    REQUIRE(hints);
    const msg::EtypeInfo2Entry first = *hints->begin();
    return {first.salt.value().octets.begin(), first.salt.value().octets.end()};
  }
  return "no hints";
}
TEST_CASE("examples/kdc: no spelling of an enterprise name tells a concealed principal from none",
          "[exchange][rfc6806-5]") {
  example_kdc kdc(
      "policy conceal_unknown_clients\n"
      "principal alice password=wonderland\n"
      "principal bob/admin password=builder\n");
  const auto salt = [&](const std::string& name) { return salt_of(kdc.refusal_of(as_req(name, name_t::enterprise))); };
  CHECK(salt("alice@EXAMPLE.ORG") == "EXAMPLE.ORGalice");
  CHECK(salt("alice") == "EXAMPLE.ORGalice");
  // As for a name that nobody has: the octets before the last @
  CHECK(salt("carol@EXAMPLE.ORG") == "EXAMPLE.ORGcarol");
  CHECK(salt("\\alice@EXAMPLE.ORG") == "EXAMPLE.ORG\\alice");
  CHECK(salt("a\\lice") == "EXAMPLE.ORGa\\lice");
  CHECK(salt("\\x61lice") == "EXAMPLE.ORG\\x61lice");
  CHECK(salt("bob/admin") == "EXAMPLE.ORGbob/admin");
  CHECK(salt("alice@OTHER.ORG@EXAMPLE.ORG") == "EXAMPLE.ORGalice@OTHER.ORG");
}

TEST_CASE("examples/kdc: who conceals unknown clients lets none log in without pre-authentication",
          "[exchange][security]") {
  example_kdc kdc(
      "policy conceal_unknown_clients\n"
      "principal robot\n"
      "principal bob password=builder no_preauth\n");
  for (const char* const name : {"robot", "bob", "nobody"}) {
    CAPTURE(name);
    CHECK(kdc.refusal_of(as_req(name)).error_code == error_code_t::kdc_err_preauth_required);
  }
  example_kdc open("principal robot\n");
  const auto request = as_req("robot");
  const bytes_view answer = open.answer(request, transport::datagram);
  CHECK(asn1::decode<msg::AsRep>(answer));
}

TEST_CASE("examples/kdc: a keytab is read whole, and a file that is none is an error", "[exchange]") {
  std::string name = (std::filesystem::temp_directory_path() / "kerb-keytab-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  const std::string file = name + "/keytab";
  example::policy crypto;
  {
    std::ofstream(name + "/principals") << "principal HTTP/web\n";
    const example::file_store made(name + "/principals", file, "EXAMPLE.ORG", crypto);
  }
  const auto keys = example::read_keytab(file, crypto);
  CHECK(keys.at("HTTP/web@EXAMPLE.ORG").size() == 4);
  CHECK(example::read_keytab(name + "/none", crypto).empty());
  std::ofstream(file, std::ios::trunc) << "";
  CHECK_THROWS(example::read_keytab(file, crypto));
  std::filesystem::remove_all(name);
}

/// Counts the look-ups; it has no principals, and one referral.
struct counting_store : example::store {
  std::size_t asked = 0;
  std::shared_ptr<const example::entry> find(const std::string&) override { return ++asked, nullptr; }
  std::optional<std::string> way(const std::string& from) override {
    ++asked;
    return from == "referral .far.example" ? std::optional<std::string>("FAR.EXAMPLE") : std::nullopt;
  }
  std::string policy_words() override { return {}; }
  bool prepares_people() const override { return false; }
  std::vector<std::vector<std::string>> capaths() override { return {}; }
  void set_password(const std::string&, secret_view) override {}
};
TEST_CASE("examples/kdc: a long host name costs a limited number of look-ups", "[exchange]") {
  counting_store all;
  const std::string realm = "EXAMPLE.ORG";
  example::directory names(all, realm);
  const auto finds = [&](const std::string& host) {
    const kerberos_string parts[] = {"HTTP"_krb, kerberos_string::of(host)};
    all.asked = 0;
    const auto found =
        names.find({{{name_t::srv_inst, parts}, "EXAMPLE.ORG"_krb}, principal_role::server, true, std::nullopt});
    return is<in_realm>(found);
  };
  const auto dotted = [](std::size_t octets) {
    std::string host;
    while (host.size() < octets) host += host.size() % 2 == 0 ? 'a' : '.';
    return host;
  };
  CHECK(finds("www.far.example"));
  CHECK(finds(dotted(243) + ".far.example"));
  CHECK_FALSE(finds(dotted(3000)));
  CHECK(all.asked <= 2);
  CHECK_FALSE(finds(dotted(245) + ".far.example"));
  CHECK_FALSE(finds(std::string(200, '.')));
  CHECK(all.asked <= 2);
}

TEST_CASE("examples/kdc: a changed password has the next version, and outlasts the program", "[exchange][rfc3244-2]") {
  const std::filesystem::path directory = made_directory();
  const auto file = [&](const std::string& line) { return written(directory / "principals", line + "\n"); };
  const std::string alice = "alice@EXAMPLE.ORG", keytab = directory / "keytab",
                    line = "principal alice password=first must_change_password password_expires=2020-01-01";
  example::policy crypto;
  {
    example::file_store store(file(line + "\nprincipal HTTP/www"), keytab, "EXAMPLE.ORG", crypto);
    CHECK(store.find(alice)->keys().at(0).kvno == 1);
    store.set_password(alice, secret_view::of(std::string_view("second")));
    store.set_password(alice, secret_view::of(std::string_view("third")));
  }
  const auto service = example::file_store(file(line + "\nprincipal HTTP/www"), keytab, "EXAMPLE.ORG", crypto)
                           .find("HTTP/www@EXAMPLE.ORG");
  CHECK(!service->has_password());
  example::file_store again(file(line + "\nprincipal HTTP/www"), keytab, "EXAMPLE.ORG", crypto);
  const auto found = again.find(alice);
  REQUIRE(found->keys().size() == 4);
  CHECK(found->has_password());
  for (const example::stored_key& k : found->keys()) CHECK(k.kvno == 3);
  CHECK(!found->is().attributes.has(principal_attribute::must_change_password));
  CHECK(!found->is().password_expires);
  const auto expected =
      example::keys_from_password(alice, found->is().etypes, 3, secret_view::of(std::string_view("third")), crypto);
  CHECK(ct_equal(found->keys().at(0).key.octets().unguarded(), expected.at(0).key.octets().unguarded()));
  // The administrator's line counts again when its version is as high
  example::file_store reset(file("principal alice password=reset kvno=3"), keytab, "EXAMPLE.ORG", crypto);
  const auto first =
      example::keys_from_password(alice, found->is().etypes, 3, secret_view::of(std::string_view("reset")), crypto);
  CHECK(ct_equal(reset.find(alice)->keys().at(0).key.octets().unguarded(), first.at(0).key.octets().unguarded()));
  std::filesystem::remove_all(directory);
}

}  // namespace
