// A KDC proxy: what a client sends to it and reads from it, and what it forwards and answers.
#include <kerb/transport/kkdcp.hpp>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/must.hpp"
#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::must;
using kerb_test::no_allocations;
using kerb_test::reference;

namespace {

using buffer = std::array<std::uint8_t, 1400>;

constexpr bool fails(const auto& r, errc code, std::string_view field) {
  return !r && r.error().code == code && std::string_view(r.error().field) == field;
}
constexpr bytes_view an_as_req() { return reference("AS-REQ: as_req"); }
constexpr bytes_view a_tgs_req() { return reference("TGS-REQ: tgs_req"); }

/// A request to change a password, or a reply, of MIT's reference encodings.
struct kpasswd_message {
  buffer octets{};
  bytes_view view;
  constexpr kpasswd_message(std::uint16_t version, bytes_view ap, bytes_view message) {
    view = *write_kpasswd_frame({version, ap, message}, octets);
  }
  kpasswd_message(const kpasswd_message&) = delete;
};
/// The body of a request or response with any octets in kerb-message.
struct body {
  buffer octets{};
  bytes_view view;
  constexpr body(bytes_view framed, std::optional<kerberos_realm> realm = kerberos_realm("EXAMPLE.ORG"_krb),
                 std::optional<uint32> hint = {}) {
    view = *asn1::encode(msg::KdcProxyMessage{framed, realm, hint}, std::span<std::uint8_t>(octets));
  }
  body(const body&) = delete;
};
/// A message with a number in front of it.
struct counted {
  buffer octets{};
  bytes_view view;
  constexpr counted(bytes_view message, std::size_t number) {
    const auto h = frame_header(static_cast<std::uint32_t>(number));
    for (std::size_t i = 0; i != 4; ++i) octets[i] = h[i];
    for (std::size_t i = 0; i != message.size(); ++i) octets[4 + i] = message[i];
    view = bytes_view(octets).first(4 + message.size());
  }
  constexpr explicit counted(bytes_view message) : counted(message, message.size()) {}
  counted(const counted&) = delete;
};

// The body of the request of MIT krb5 1.20.1's kinit for alice@EXAMPLE.ORG, with kdc = https://localhost/KdcProxy
constexpr auto mit_request =
    "3081d0a081be0481bb000000b76a81b43081b1a103020105a20302010aa31a3018300aa10402020096a2020400300aa10402020095a2020400"
    "a48188308185a00703050000000010a1123010a003020101a10930071b05616c696365a20d1b0b4558414d504c452e4f5247a320301ea00302"
    "0102a11730151b066b72627467741b0b4558414d504c452e4f5247a511180f32303236313230313034323231345aa706020479294639a81a30"
    "1802011202011102011402011302011002011702011902011aa10d1b0b4558414d504c452e4f5247"_hex;

constexpr bool mit_both_ways() {
  const auto got = read_kkdcp_request(mit_request);
  if (!got || got->content != kkdcp_content::as_req || !(got->realm == "EXAMPLE.ORG"_krb) || got->dclocator_hint)
    return false;
  const auto m = asn1::decode<msg::AsReq>(got->message);
  buffer out{};
  const auto again = write_kkdcp_request(got->message, "EXAMPLE.ORG"_krb, out);
  return m && m->req_body->realm == got->realm && again && *again == mit_request;
}
KERB_BOTH("kkdcp: MIT krb5's request is read, and the same message is written to the same octets",
          "[transport][ms-kkdcp]", mit_both_ways);

constexpr bool contents() {
  const kpasswd_message change(1, reference("AP-REQ: ap_req"), reference("KRB-PRIV: priv")),
      set(0xff80, reference("AP-REQ: ap_req"), reference("KRB-PRIV: priv"));
  const auto is = [](bytes_view message, kkdcp_content content, server_t server) {
    buffer out{};
    const auto b = write_kkdcp_request(message, "R"_krb, out, 0x40000000u);
    if (!b) return false;
    const auto r = read_kkdcp_request(*b);
    return r && r->message == message && r->framed.size() == message.size() + 4 &&
           r->framed.data() + 4 == r->message.data() && r->content == content && r->server() == server &&
           r->realm == "R"_krb && r->dclocator_hint == uint32(0x40000000u);
  };
  return is(an_as_req(), kkdcp_content::as_req, server_t::kdc) &&
         is(a_tgs_req(), kkdcp_content::tgs_req, server_t::kdc) &&
         is(change.view, kkdcp_content::kpasswd, server_t::kpasswd) &&
         is(set.view, kkdcp_content::kpasswd, server_t::kpasswd);
}
KERB_BOTH("kkdcp: a proxy forwards an AS-REQ, a TGS-REQ and a change of a password, each to its server",
          "[transport][ms-kkdcp]", contents);

constexpr bool nothing_else() {
  constexpr auto ap = reference("AP-REQ: ap_req"), priv = reference("KRB-PRIV: priv"),
                 error = reference("KRB-ERROR: error(optionals NULL)");
  const auto refused = [](bytes_view message, errc code) {
    const counted c(message);
    const body b(c.view);
    const auto r = read_kkdcp_request(b.view);
    return !r && r.error().code == code;
  };
  constexpr auto http = "474554202f20485454502f312e310d0a0d0a"_hex;
  const kpasswd_message version(2, ap, priv), no_ap(1, {}, priv), two_ap(1, ap, ap), no_priv(1, ap, {}),
      with_error(1, ap, error), reply(1, reference("AP-REP: ap_rep"), priv);
  kerb_test::copy_of longer(an_as_req());
  longer.size += 1;
  return refused({}, errc::unexpected_message) && refused(http, errc::unexpected_message) &&
         refused(ap, errc::unexpected_message) && refused(priv, errc::unexpected_message) &&
         refused(error, errc::unexpected_message) &&
         refused(reference("AS-REP: as_rep(optionals NULL)"), errc::unexpected_message) &&
         refused(version.view, errc::unexpected_message) && refused(no_ap.view, errc::truncated) &&
         refused(two_ap.view, errc::unexpected_tag) && refused(no_priv.view, errc::truncated) &&
         refused(with_error.view, errc::unexpected_tag) && refused(reply.view, errc::unexpected_tag) &&
         refused(longer.view(), errc::trailing_data) &&
         refused(an_as_req().first(an_as_req().size() - 1), errc::truncated) &&
         refused(a_tgs_req().first(a_tgs_req().size() - 1), errc::truncated);
}
KERB_BOTH("kkdcp: a proxy forwards nothing else", "[transport][ms-kkdcp][security]", nothing_else);

constexpr bool lengths() {
  const std::size_t n = an_as_req().size();
  for (const std::size_t wrong : {n - 1, n + 1, std::size_t{0}, std::size_t{0x7fffffff}, std::size_t{0x80000000 | n}}) {
    const counted c(an_as_req(), wrong);
    const body request(c.view), reply(c.view, {});
    const errc why = wrong < n ? errc::trailing_data : errc::truncated;
    if (!fails(read_kkdcp_request(request.view), why, "kerb-message")) return false;
    if (!fails(read_kkdcp_reply(200, reply.view), why, "kerb-message")) return false;
  }
  for (std::size_t k = 0; k != 4; ++k) {
    const counted c(an_as_req());
    const body b(c.view.first(k));
    if (!fails(read_kkdcp_request(b.view), errc::truncated, "kerb-message")) return false;
    if (!fails(read_kkdcp_reply(200, b.view), errc::truncated, "kerb-message")) return false;
  }
  return true;
}
KERB_BOTH("kkdcp: the length in front of the message must be the message's", "[transport][ms-kkdcp][security]",
          lengths);

constexpr bool realms() {
  const auto named = [](kerberos_string realm) {
    kkdcp_request r{};
    r.realm = realm;
    return r;
  };
  const counted c(an_as_req());
  const body none(c.view, {}), empty(c.view, kerberos_realm(""_krb)), some(c.view, kerberos_realm("Example.ORG"_krb));
  const auto r = read_kkdcp_request(some.view);
  return fails(read_kkdcp_request(none.view), errc::missing_field, "target-domain") &&
         fails(read_kkdcp_request(empty.view), errc::missing_field, "target-domain") && r &&
         r->is_for("EXAMPLE.org"_krb) && !r->is_for("EXAMPLE.OR"_krb) && !r->is_for("EXAMPLE.ORGS"_krb) &&
         !r->is_for("FXAMPLE.ORG"_krb) && !r->is_for("EXAMPLE\x0e\x6frg"_krb) && !r->is_for(""_krb) &&
         !named("A[Z@z`{"_krb).is_for("a{z`z@["_krb) && named("AZ[@"_krb).is_for("az[@"_krb);
}
KERB_BOTH("kkdcp: a request names a realm, whose letters can be of either case", "[transport][ms-kkdcp]", realms);

constexpr bool replies() {
  constexpr auto error = reference("KRB-ERROR: error(optionals NULL)"),
                 as_rep = reference("AS-REP: as_rep(optionals NULL)"), tgs_rep = reference("TGS-REP: tgs_rep"),
                 priv = reference("KRB-PRIV: priv");
  const kpasswd_message changed(1, reference("AP-REP: ap_rep"), priv), no(1, {}, error),
      request(1, reference("AP-REQ: ap_req"), priv), nothing(1, {}, priv), two(1, reference("AP-REP: ap_rep"), error);
  using enum kkdcp_content;
  const auto relayed = [](kkdcp_content asked, bytes_view answer) {
    buffer out{};
    const auto b = write_kkdcp_reply(asked, answer, out);
    if (!b) return false;
    const auto m = asn1::decode<msg::KdcProxyMessage>(*b);
    const auto back = read_kkdcp_reply(200, *b);
    return m && !m->target_domain && !m->dclocator_hint && back && *back == answer;
  };
  const auto refused = [](kkdcp_content asked, bytes_view answer) {
    buffer out{};
    return fails(write_kkdcp_reply(asked, answer, out), errc::unexpected_message, "kerb-message");
  };
  constexpr auto banner = "3232302072656164790d0a"_hex;
  for (const auto asked : {as_req, tgs_req, kpasswd})
    if (!relayed(asked, error) || !refused(asked, banner) || !refused(asked, {}) || !refused(asked, an_as_req()))
      return false;
  return relayed(as_req, as_rep) && relayed(tgs_req, tgs_rep) && relayed(kpasswd, changed.view) &&
         relayed(kpasswd, no.view) && refused(as_req, tgs_rep) && refused(tgs_req, as_rep) &&
         refused(as_req, changed.view) && refused(kpasswd, as_rep) && refused(kpasswd, request.view) &&
         refused(kpasswd, nothing.view) && refused(kpasswd, two.view) &&
         refused(as_req, as_rep.first(as_rep.size() - 1));
}
KERB_BOTH("kkdcp: a proxy answers only with a reply of the kind that was asked for, or a KRB-ERROR",
          "[transport][ms-kkdcp][security]", replies);

constexpr bool statuses() {
  const counted c(reference("AS-REP: as_rep(optionals NULL)"));
  const body b(c.view, {});
  for (const unsigned status : {0u, 100u, 199u, 201u, 204u, 302u, 400u, 403u, 503u}) {
    const auto r = read_kkdcp_reply(status, b.view);
    if (!fails(r, errc::no_answer, "status") || r.error().detail != status) return false;
  }
  // What a response has besides the message is not used
  const body more(c.view, kerberos_realm("R"_krb), 7u);
  return read_kkdcp_reply(200, b.view).has_value() && read_kkdcp_reply(200, more.view).has_value();
}
KERB_BOTH("kkdcp: only a response with status 200 has an answer", "[transport][ms-kkdcp]", statuses);

constexpr bool refusals() {
  const auto status = [](errc c, bool answered = false) { return kkdcp_http_status({.code = c}, answered); };
  return status(errc::frame_too_long) == 413 && status(errc::no_answer) == 503 &&
         status(errc::unexpected_message) == 400 && status(errc::unexpected_message, true) == 503 &&
         status(errc::truncated) == 400 && status(errc::truncated, true) == 400 && status(errc::missing_field) == 400 &&
         status(errc::no_space, true) == 500 && status(errc::no_space) == 500;
}
KERB_BOTH("kkdcp: a proxy tells over HTTP whose fault an error is", "[transport]", refusals);

constexpr bool limits() {
  const std::size_t size = mit_request.size();
  const auto over = read_kkdcp_request(mit_request, size - 1);
  const counted c(reference("AS-REP: as_rep(optionals NULL)"));
  const body b(c.view, {});
  const auto reply = read_kkdcp_reply(200, b.view, b.view.size() - 1);
  return read_kkdcp_request(mit_request, size).has_value() && fails(over, errc::frame_too_long, "") &&
         over.error().detail == size && read_kkdcp_reply(200, b.view, b.view.size()).has_value() &&
         fails(reply, errc::frame_too_long, "") && reply.error().detail == b.view.size();
}
KERB_BOTH("kkdcp: a body has a limit on both sides", "[transport][security]", limits);

constexpr bool writing() {
  buffer out{};
  const auto all = write_kkdcp_request(an_as_req(), "R"_krb, out);
  if (!all) return false;
  for (std::size_t n = 0; n != all->size(); ++n) {
    const auto r = write_kkdcp_request(an_as_req(), "R"_krb, std::span(out).first(n));
    if (!fails(r, errc::no_space, "") || r.error().detail != all->size()) return false;
  }
  buffer other{};
  const auto exact = write_kkdcp_request(an_as_req(), "R"_krb, std::span(other).first(all->size()));
  return exact && *exact == *all && exact->data() == other.data() &&
         all->data() + all->size() == out.data() + out.size() &&
         fails(write_kkdcp_request({}, "R"_krb, out), errc::missing_parameter, "kerb-message") &&
         fails(write_kkdcp_request(an_as_req(), {}, out), errc::missing_parameter, "target-domain") &&
         fails(write_kkdcp_request(an_as_req(), "A\0B"_krb, out), errc::bad_realm, "target-domain") &&
         fails(write_kkdcp_reply(kkdcp_content::as_req, reference("AS-REP: as_rep(optionals NULL)"), {}),
               errc::no_space, "");
}
KERB_BOTH("kkdcp: a request needs a message, a realm, and space for both", "[transport]", writing);

TEST_CASE("kkdcp: a message of 2 GiB has no length", "[transport][rfc4120-7.2.2]") {
  buffer out{};
  // A view that is only measured: what does not fit in the buffer is not read
  const bytes_view most(out.data(), 0x7fffffff), more(out.data(), 0x80000000);
  CHECK(write_kkdcp_request(most, "R"_krb, out).error().code == errc::no_space);
  CHECK(fails(write_kkdcp_request(more, "R"_krb, out), errc::input_too_large, "kerb-message"));
}

constexpr bool http() {
  return kkdcp_http::method == "POST" && kkdcp_http::path == "/KdcProxy" &&
         kkdcp_http::content_type == "application/kerberos";
}
KERB_BOTH("kkdcp: the request is a POST to /KdcProxy", "[transport][ms-kkdcp]", http);

TEST_CASE("kkdcp: a body that is cut or has a bit flipped is refused or forwarded as a message of the same kind",
          "[transport][security]") {
  const kpasswd_message change(1, reference("AP-REQ: ap_req"), reference("KRB-PRIV: priv"));
  const bytes_view messages[] = {an_as_req(), a_tgs_req(), change.view};
  for (const bytes_view message : messages) {
    buffer out{};
    const bytes_view whole = must(write_kkdcp_request(message, "R"_krb, out, 7u));
    const auto honest = must(read_kkdcp_request(whole));
    std::vector<std::uint8_t> octets(whole.begin(), whole.end());
    const no_allocations none;
    for (std::size_t n = 0; n != octets.size(); ++n) REQUIRE(!read_kkdcp_request(bytes_view(octets).first(n)));
    for (std::size_t bit = 0; bit != 8 * octets.size(); ++bit) {
      octets[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      if (const auto r = read_kkdcp_request(octets)) {
        REQUIRE(r->content == honest.content);
        REQUIRE(r->message.size() == message.size());
        REQUIRE(r->framed.data() > octets.data());
        REQUIRE(r->framed.data() + r->framed.size() < octets.data() + octets.size());
      }
      octets[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    }
  }
}

}  // namespace
