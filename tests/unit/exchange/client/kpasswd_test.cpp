// Changing a password as a client: what is sent, and every check on what comes back (RFC 3244).
#include <kerb/exchange/drive.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/kpasswd_world.hpp"
#include "vectors.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using policy = testing::insecure_policy;
using client = kpasswd_client<policy>;
using octet_list = std::vector<std::uint8_t>;

octet_list copy(bytes_view v) { return {v.begin(), v.end()}; }

constexpr auto success = "0000"_hex;
constexpr auto refusal = "0004 546f6f2073686f72742e00"_hex;  // soft error, "Too short.", and the null of Heimdal

/// A client that asks, and a service that can answer as it likes.
struct asking {
  kpasswd_world w;
  std::array<std::uint8_t, 4096> buffer{};
  basic_credential<key> credential;
  client x;

  constexpr explicit asking(kpasswd_params<key> (*change)(kpasswd_params<key>) = nullptr)
      : credential(w.w.credential()), x(params(change)) {}
  constexpr kpasswd_params<key> params(kpasswd_params<key> (*change)(kpasswd_params<key>)) {
    kpasswd_params<key> p{.credential = credential, .new_password = new_secret, .buffer = buffer};
    return change != nullptr ? change(std::move(p)) : std::move(p);
  }
  constexpr client::step start() { return x.start(w.turn()); }
  constexpr client::step answer(bytes_view octets, transport how = transport::datagram) {
    return x.receive(octets, w.turn(), how);
  }
};
constexpr kpasswd_params<key> to_set(kpasswd_params<key> p) {
  p.version = kpasswd_frame::set_version;
  return p;
}
constexpr kpasswd_params<key> to_set_bob(kpasswd_params<key> p) {
  p.version = kpasswd_frame::set_version;
  p.target = bob;
  return p;
}
constexpr bytes_view sent(const client::step& s) {
  const auto* out = std::get_if<send>(&s);
  return out == nullptr ? bytes_view() : out->octets;
}

constexpr bool a_password_changes() {
  asking c;
  const auto first = c.start();
  if (!is<send>(first)) return false;
  const send& out = std::get<send>(first);
  if (out.to != destination::kpasswd || !(out.realm == "EX.ORG"_krb) || !out.fresh || out.then != afterwards::wait)
    return false;
  const auto frame = read_kpasswd_frame(out.octets);
  if (!frame || frame->version != 1) return false;
  const auto req = asn1::decode<msg::ApReq>(frame->ap);
  if (!req || !req->ap_options.has(ap_option_t::mutual_required) || req->ticket.octets() != c.credential.ticket())
    return false;
  const auto seen = c.w.open(out.octets);
  if (seen.part.user_data != bytes_view(new_password) || seen.part.seq_number != seen.seq ||
      !same_address(seen.part.s_address, from_initiator) || seen.part.r_address || seen.part.timestamp) {
    return false;
  }
  if (!is<done>(c.answer(c.w.reply(success, c.w.parts(seen), seen.subkey)))) return false;
  const auto got = std::move(c.x).take();
  return got && got->code == kpasswd_result_t::success && got->text.empty() && !std::move(c.x).take();
}
KERB_BOTH("kpasswd_client: an old request has the password alone, and its subkey opens the reply",
          "[exchange][rfc3244-2]", a_password_changes);

constexpr bool a_password_is_set() {
  for (const bool for_bob : {false, true}) {
    asking c(for_bob ? to_set_bob : to_set);
    const auto first = c.start();
    const auto frame = read_kpasswd_frame(sent(first));
    if (!frame || frame->version != 0xff80) return false;
    const auto seen = c.w.open(sent(first));
    const auto data = asn1::decode<msg::ChangePasswdData>(seen.part.user_data, der::strict);
    if (!data || data->newpasswd != bytes_view(new_password)) return false;
    if (data->targname.has_value() != for_bob || data->targrealm.has_value() != for_bob) return false;
    if (for_bob && !same_principal({*data->targname, {data->targrealm->octets}}, bob)) return false;
    auto p = c.w.parts(seen);
    p.version = for_bob ? 1 : 0xff80;  // servers send the first; MIT krb5 accepts both
    if (!is<done>(c.answer(c.w.reply(success, p, seen.subkey)))) return false;
  }
  return true;
}
KERB_BOTH("kpasswd_client: a request of RFC 3244 has a ChangePasswdData, with the name of another principal if asked",
          "[exchange][rfc3244-2]", a_password_is_set);

/// A client that has sent its request, what the service sees of it, and an answer to it.
struct waiting : asking {
  kpasswd_world::sent_facts seen;
  reply_parts parts;
  constexpr explicit waiting(kpasswd_params<key> (*change)(kpasswd_params<key>) = nullptr)
      : asking(change), seen(w.open(sent(start()))), parts(w.parts(seen)) {}
  constexpr bytes_view reply(bytes_view data = success) { return w.reply(data, parts, seen.subkey); }
};
constexpr bool fails(const client::step& s, errc code, std::string_view type, std::string_view field) {
  const auto* f = std::get_if<failed>(&s);
  return f != nullptr && is(f->why, code, type, field);
}
constexpr bool passes_over(const client::step& s, errc code, std::string_view type, std::string_view field) {
  const auto* i = std::get_if<ignored>(&s);
  return i != nullptr && is(i->why, code, type, field);
}
/// Whether an answer is ignored in a datagram, so that the true one still counts, and fails the exchange on a stream.
constexpr bool not_for_us(bytes_view (*answer)(waiting&), errc code, std::string_view type, std::string_view field) {
  waiting d, s;
  return passes_over(d.answer(answer(d)), code, type, field) && kerb::is<done>(d.answer(d.reply())) &&
         fails(s.answer(answer(s), transport::stream), code, type, field) &&
         fails(s.answer(s.reply()), code, type, field);
}

constexpr bool refused_passwords() {
  waiting c;
  const auto step = c.answer(c.reply(refusal));
  const auto* no = std::get_if<password_refused>(&step);
  constexpr auto text = "546f6f2073686f72742e"_hex;
  return no != nullptr && no->code == kpasswd_result_t::softerror && no->text.octets == bytes_view(text) &&
         !no->policy && no->why.code == errc::password_refused && no->why.detail == 4 &&
         passes_over(c.answer(c.reply()), errc::unexpected_message, "", "") && !std::move(c.x).take();
}
KERB_BOTH("kpasswd_client: a refused password is a step with the server's text, and nothing changes it afterwards",
          "[exchange][rfc3244-2]", refused_passwords);

constexpr bool the_refusal_is_kept() {
  waiting c, good;
  if (c.x.refusal() || !kerb::is<kerb::done>(good.answer(good.reply())) || good.x.refusal()) return false;
  const auto step = c.answer(c.reply(refusal));
  const auto no = c.x.refusal();
  if (!no || no->code != kpasswd_result_t::softerror || no->text != std::get<password_refused>(step).text ||
      no->why.code != errc::password_refused || no->why.detail != 4) {
    return false;
  }
  (void)c.answer(c.reply());  // ignored
  auto moved = std::move(c.x);
  const bool kept = moved.refusal().has_value() && !c.x.refusal();
  (void)moved.abandon({.code = errc::no_answer});  // which wipes the text
  return kept && !moved.refusal();
}
KERB_BOTH("kpasswd_client: it returns its refusal again until it is given up", "[exchange][rfc3244-2]",
          the_refusal_is_kept);

constexpr bool policies() {
  std::size_t policies = 0;
  for (const auto& v : kpasswd_text_vectors) {
    waiting c;
    std::array<std::uint8_t, 64> data{};
    data[1] = 4;
    for (std::size_t i = 0; i != v.octets.size(); ++i) data.at(i + 2) = v.octets[i];
    const auto step = c.answer(c.reply(bytes_view(data).first(2 + v.octets.size())));
    const auto* no = std::get_if<password_refused>(&step);
    if (no == nullptr || no->policy.has_value() != (v.is_policy == 1)) return false;
    if (no->policy && (no->policy->min_length != v.min_length || !no->text.octets.empty())) return false;
    policies += no->policy.has_value();
  }
  return policies == 4;
}
KERB_BOTH("kpasswd_client: the policy of Active Directory comes as a value", "[exchange][rfc3244-2]", policies);

constexpr bool any_code() {
  for (const std::uint16_t code :
       {std::uint16_t{1}, std::uint16_t{7}, std::uint16_t{8}, std::uint16_t{0x0100}, std::uint16_t{0xffff}}) {
    waiting c;
    const std::uint8_t data[] = {static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code & 0xff)};
    const auto step = c.answer(c.reply(data));
    const auto* no = std::get_if<password_refused>(&step);
    if (no == nullptr || static_cast<std::uint16_t>(no->code) != code || no->why.detail != code) return false;
  }
  return true;
}
KERB_BOTH("kpasswd_client: any code but zero is a refusal", "[exchange][rfc3244-2]", any_code);

constexpr bool no_code() {
  waiting none, one;
  constexpr auto half = "00"_hex;
  return fails(none.answer(none.reply({})), errc::truncated, "kpasswd", "result code") &&
         fails(one.answer(one.reply(half)), errc::truncated, "kpasswd", "result code");
}
KERB_BOTH("kpasswd_client: a reply without a code is no success", "[exchange][rfc3244-2]", no_code);

constexpr bool sealed_nonsense() {
  waiting c;
  errc why = errc::ok;
  constexpr auto nonsense = "3003020100"_hex;
  std::array<std::uint8_t, 512> priv{}, rep{};
  auto sealed = asn1::computed{[&](der::writer& to) {
    write_sealed(to, captured<msg::EncKrbPrivPart>::as_sent(nonsense), c.seen.subkey, key_usage_t::krb_priv_enc_part,
                 c.w.turn(), why);
  }};
  const bytes_view message = kerb_test::must(asn1::encode(msg::BasicKrbPriv<decltype(sealed)>{sealed}, priv));
  const bytes_view ap = kerb_test::must(testing::mint_ap_rep(c.parts.ap, c.w.w.session_key(), c.w.turn(), rep));
  return fails(c.answer(c.w.frame({1, ap, message})), errc::unexpected_tag, "EncKrbPrivPart", "");
}
KERB_BOTH("kpasswd_client: a sealed part that does not decode is no success", "[exchange][rfc3244-2]", sealed_nonsense);

// ---- errors, which nobody authenticates

constexpr bool krb_errors() {
  constexpr auto auth_error = "00036e6f"_hex;
  for (const bool framed : {false, true}) {
    for (const transport how : {transport::datagram, transport::stream}) {
      waiting c;
      bytes_view e = c.w.krb_error(bytes_view(auth_error), error_code_t::krb_ap_err_skew);
      if (framed) e = c.w.frame({kpasswd_frame::change_version, {}, e});
      const auto step = c.answer(e, how);
      if (!fails(step, errc::peer_error, "KRB-ERROR", "error-code") ||
          std::get<failed>(step).why.detail != static_cast<std::uint32_t>(error_code_t::krb_ap_err_skew))
        return false;
      const auto told = c.x.peer_result();
      if (!c.x.peer_error() || !told || told->code != kpasswd_result_t::autherror || told->text.size() != 2)
        return false;
      if (!fails(c.answer(c.reply()), errc::peer_error, "KRB-ERROR", "error-code")) return false;
    }
  }
  return true;
}
KERB_BOTH("kpasswd_client: a KRB-ERROR fails the exchange, in a frame or without, and its result is told apart",
          "[exchange][rfc3244-2]", krb_errors);

constexpr bool no_success_from_errors() {
  constexpr auto changed = "00006f6b"_hex;
  constexpr auto half = "00"_hex;
  const std::optional<bytes_view> cases[] = {bytes_view(changed), bytes_view(half), bytes_view(), std::nullopt};
  for (const auto& e_data : cases) {
    for (const bool framed : {false, true}) {
      waiting c;
      bytes_view e = c.w.krb_error(e_data, error_code_t::kdc_err_none);
      if (framed) e = c.w.frame({kpasswd_frame::change_version, {}, e});
      if (!fails(c.answer(e), errc::peer_error, "KRB-ERROR", "error-code") || c.x.peer_result() ||
          std::move(c.x).take())
        return false;
    }
  }
  return true;
}
KERB_BOTH("kpasswd_client: no KRB-ERROR is a success, whatever it says", "[exchange][rfc3244-2]",
          no_success_from_errors);

constexpr bool broken_errors() {
  return not_for_us([](waiting& c) { return c.w.krb_error({}).first(20); }, errc::truncated, "KRB-ERROR", "") &&
         not_for_us(
             [](waiting& c) {
               constexpr auto broken = "7e03300100"_hex;
               return c.w.frame({kpasswd_frame::change_version, {}, broken});
             },
             errc::missing_field, "KRB-ERROR", "pvno");
}
KERB_BOTH("kpasswd_client: a broken KRB-ERROR is none", "[exchange][rfc3244-2]", broken_errors);

// ---- keys, and messages of other exchanges

constexpr bool wrong_keys() {
  const auto of = [](bytes_view (*answer)(waiting&)) {
    return not_for_us(answer, errc::integrity, "KRB-PRIV", "enc-part");
  };
  return of([](waiting& c) { return c.w.reply(success, c.parts, c.w.w.session_key()); }) &&
         of([](waiting& c) { return c.w.reply(success, c.parts, c.w.w.other_key(c.w.w.session_etype)); }) &&
         of([](waiting& c) {  // under the subkey of the AP-REP, which RFC 3244 does not use
           c.parts.ap.subkey = key_as_sent(c.w.w.session_etype, other_octets);
           const bytes_view r = c.w.reply(success, c.parts, c.w.w.other_key(c.w.w.session_etype));
           c.parts.ap.subkey = std::optional<msg::EncryptionKey>{};
           return r;
         }) &&
         of([](waiting& c) {
           c.parts.usage = key_usage_t::krb_cred_enc_part;
           const bytes_view r = c.reply();
           c.parts.usage = key_usage_t::krb_priv_enc_part;
           return r;
         }) &&
         not_for_us([](waiting& c) { return c.w.reply(success, c.parts, c.seen.subkey, c.seen.subkey); },
                    errc::integrity, "AP-REP", "enc-part") &&
         not_for_us(
             [](waiting& c) {
               return c.w.reply(success, c.parts, c.seen.subkey, c.w.w.other_key(c.w.w.session_etype));
             },
             errc::integrity, "AP-REP", "enc-part");
}
KERB_BOTH("kpasswd_client: the AP-REP is sealed under the session key, the result under the client's subkey",
          "[exchange][rfc3244-2]", wrong_keys);

constexpr bool subkey_of_mit() {
  waiting c;
  c.parts.ap.subkey = key_as_sent(c.w.w.session_etype, other_octets);
  return is<done>(c.answer(c.reply()));
}
KERB_BOTH("kpasswd_client: a subkey in the AP-REP is not used", "[exchange][rfc3244-2]", subkey_of_mit);

constexpr bool reflected() {
  waiting c;
  // An attacker has the AP-REP, and sends the request's own KRB-PRIV with it
  const auto genuine = kerb_test::must(read_kpasswd_frame(c.reply()));
  std::array<std::uint8_t, 512> rep{};
  for (std::size_t i = 0; i != genuine.ap.size(); ++i) rep.at(i) = genuine.ap[i];
  const bytes_view ap = bytes_view(rep).first(genuine.ap.size());
  const auto request = c.x.framed().subview(4);
  const bytes_view mine = kerb_test::must(read_kpasswd_frame(request)).message;
  if (!passes_over(c.answer(c.w.frame({1, ap, mine})), errc::reflected_token, "KRB-PRIV", "enc-part")) return false;
  // Even if the server counts from the same number
  c.parts.ap.seq_number = c.seen.seq;
  return is<done>(c.answer(c.reply()));
}
KERB_BOTH("kpasswd_client: the request's own KRB-PRIV is no reply", "[exchange][rfc3244-2]", reflected);

TEST_CASE("kpasswd_client: a reply to another request with the same ticket does not open", "[exchange][rfc3244-2]") {
  waiting first;
  std::array<std::uint8_t, 4096> buffer{};
  client again({.credential = first.credential, .new_password = new_secret, .buffer = buffer});
  const auto step = again.start(first.w.turn());
  REQUIRE(is<send>(step));
  const octet_list old_reply = copy(first.reply());
  CHECK(passes_over(again.receive(old_reply, first.w.turn()), errc::integrity, "KRB-PRIV", "enc-part"));
  const auto seen = first.w.open(sent(step));
  CHECK(is<done>(again.receive(first.w.reply(success, first.w.parts(seen), seen.subkey), first.w.turn())));
  CHECK(is<done>(first.answer(old_reply)));
}

constexpr bool other_times() {
  for (const bool seconds : {false, true}) {
    waiting c;
    const auto right = c.parts.ap;
    if (seconds) c.parts.ap.ctime.seconds += 1;
    else c.parts.ap.cusec.count += 1;
    const char* field = seconds ? "ctime" : "cusec";
    if (!passes_over(c.answer(c.reply()), errc::time_mismatch, "EncAPRepPart", field)) return false;
    c.parts.ap = right;
    if (!is<done>(c.answer(c.reply()))) return false;
  }
  return true;
}
KERB_BOTH("kpasswd_client: the AP-REP repeats the time of the request", "[exchange][rfc3244-2][rfc4120-3.2.5]",
          other_times);

constexpr bool a_bad_subkey() {
  constexpr std::uint8_t three[] = {1, 2, 3};
  waiting c;
  const auto right = c.parts.ap;
  c.parts.ap.subkey = msg::EncryptionKey{c.w.w.session_etype, bytes_view(three)};
  if (!fails(c.answer(c.reply()), errc::bad_key_length, "EncAPRepPart", "subkey")) return false;
  c.parts.ap = right;
  return fails(c.answer(c.reply()), errc::bad_key_length, "EncAPRepPart", "subkey");
}
KERB_BOTH("kpasswd_client: an AP-REP of the right service with a key that cannot be used fails",
          "[exchange][rfc3244-2][rfc4120-3.2.5]", a_bad_subkey);

constexpr bool numbers() {
  const auto of = [](std::optional<uint32> ap, std::optional<uint32> priv) {
    waiting c;
    c.parts.ap.seq_number = ap;
    std::array<std::uint8_t, 512> rep{};
    std::array<std::uint8_t, 1024> message{};
    reply_parts p = c.parts;
    p.priv_seq = priv;
    const bytes_view answer = kerb_test::must(testing::mint_ap_rep(p.ap, c.w.w.session_key(), c.w.turn(), rep));
    p.ap.seq_number = priv;
    p.priv_seq = std::optional<uint32>{};
    return c.answer(c.w.frame({1, answer, c.w.mint_priv(success, p, c.seen.subkey, message)}));
  };
  const auto out_of_order = [](const client::step& s) {
    return fails(s, errc::bad_order, "EncKrbPrivPart", "seq-number");
  };
  return is<done>(of(7, 7)) && out_of_order(of(7, 8)) && out_of_order(of(7, std::nullopt)) &&
         out_of_order(of(std::nullopt, 7)) && is<done>(of(std::nullopt, std::nullopt)) &&
         is<done>(of(0, std::nullopt)) && is<done>(of(std::nullopt, 0));
}
KERB_BOTH("kpasswd_client: the result has the number of the AP-REP, or neither has one", "[exchange][rfc3244-2]",
          numbers);

constexpr bool number_as_usec() {
  for (const std::uint32_t number : {999999u, 1000000u, 0xffffffffu}) {
    waiting c;
    c.parts.ap.seq_number = uint32(number);
    c.parts.usec = uint32(number);
    if (!is<done>(c.answer(c.reply()))) return false;
  }
  return true;
}
KERB_BOTH("kpasswd_client: the usec of a reply can be its number", "[exchange][rfc3244-2]", number_as_usec);

constexpr auto server_octets = "c0000207"_hex;
constexpr auto client_octets = "c0000208"_hex;
constexpr msg::HostAddress server_address{addr_t::ipv4, bytes_view(server_octets)};
constexpr msg::HostAddress client_address{addr_t::ipv4, bytes_view(client_octets)};

constexpr bool addresses() {
  const auto with_both = [](kpasswd_params<key> p) {
    p.local = client_address;
    p.peer = server_address;
    return p;
  };
  waiting good(with_both), bad(with_both), any;
  if (!same_address(good.seen.part.s_address, client_address) || good.seen.part.r_address) return false;
  good.parts.s_address = server_address;
  any.parts.s_address = client_address;
  return is<done>(good.answer(good.reply())) && is<done>(any.answer(any.reply())) &&
         fails(bad.answer(bad.reply()), errc::address_mismatch, "EncKrbPrivPart", "s-address");
}
KERB_BOTH("kpasswd_client: the server's address is compared if the caller knows it", "[exchange][rfc3244-2]",
          addresses);

constexpr std::uint8_t loopback_octets[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr msg::HostAddress loopback_address{addr_t::ipv6, loopback_octets};
constexpr bool forbidden_address() {
  waiting w([](kpasswd_params<key> p) {
    p.local = loopback_address;
    return p;
  });
  // RFC 3244 section 2 has the number in usec too, where most numbers do not fit
  return same_address(w.seen.part.s_address, from_initiator) && !w.seen.part.usec && !w.seen.part.timestamp &&
         w.seen.part.seq_number == w.seen.seq;
}
KERB_BOTH("kpasswd_client: the request has the number alone, and no address that may be in no message",
          "[exchange][rfc3244-2][rfc4120-7.1]", forbidden_address);

// ---- frames

constexpr bool other_frames() {
  constexpr std::string_view version = "protocol version number";
  return not_for_us(
             [](waiting& c) {
               c.parts.version = 2;
               const bytes_view r = c.reply();
               c.parts.version = 1;
               return r;
             },
             errc::wrong_constant, "kpasswd", version) &&
         not_for_us([](waiting& c) { return c.reply().first(40); }, errc::truncated, "kpasswd", "message length") &&
         not_for_us([](waiting&) { return bytes_view(); }, errc::truncated, "kpasswd", "message length") &&
         not_for_us(
             [](waiting& c) {  // the request comes back
               return c.x.framed().subview(4);
             },
             errc::unexpected_tag, "AP-REP", "");
}
KERB_BOTH("kpasswd_client: what has no frame of a reply is none", "[exchange][rfc3244-2]", other_frames);

TEST_CASE("kpasswd_client: a bit flipped in a reply does not change what it says", "[exchange][rfc3244-2]") {
  waiting genuine;
  octet_list reply = copy(genuine.reply(refusal));
  std::size_t opened = 0;
  for (std::size_t bit = 0; bit != 8 * reply.size(); ++bit) {
    waiting c;
    octet_list changed = copy(c.reply(refusal));
    REQUIRE(changed.size() == reply.size());
    changed[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    const auto step = c.answer(changed);
    CHECK(!is<done>(step));
    if (const auto* no = std::get_if<password_refused>(&step)) {
      ++opened;
      CHECK(no->code == kpasswd_result_t::softerror);
      continue;
    }
    if (!is<ignored>(step)) continue;
    CHECK(is<password_refused>(c.answer(c.reply(refusal))));  // the exchange is as it was
  }
  CHECK(opened == 0);  // all of it is sealed, or a constant
}
TEST_CASE("kpasswd_client: a reply that ends early is none", "[exchange][rfc3244-2]") {
  waiting c;
  const octet_list reply = copy(c.reply());
  for (std::size_t n = 0; n != reply.size(); ++n) CHECK(is<ignored>(c.answer(bytes_view(reply).first(n))));
  const auto frame = kerb_test::must(read_kpasswd_frame(reply));
  for (std::size_t n = 0; n != frame.message.size(); ++n) {
    const octet_list cut = copy(c.w.frame({1, frame.ap, frame.message.first(n)}));
    CHECK(is<ignored>(c.answer(cut)));
  }
  for (std::size_t n = 1; n != frame.ap.size(); ++n) {
    const octet_list cut = copy(c.w.frame({1, frame.ap.first(n), frame.message}));
    CHECK(is<ignored>(c.answer(cut)));
  }
  CHECK(is<done>(c.answer(reply)));
}

// ---- parameters

TEST_CASE("kpasswd_client: parameters that contradict each other are refused", "[exchange][rfc3244-2]") {
  const auto of = [](kpasswd_params<key> (*change)(kpasswd_params<key>)) {
    asking c(change);
    const auto step = c.start();
    REQUIRE(is<failed>(step));
    return std::get<failed>(step).why;
  };
  CHECK(is(of([](kpasswd_params<key> p) {
             p.version = 2;
             return p;
           }),
           errc::api_misuse, "kpasswd_params", "version"));
  CHECK(is(of([](kpasswd_params<key> p) {
             p.target = bob;
             return p;
           }),
           errc::api_misuse, "kpasswd_params", "target"));
  CHECK(is(of([](kpasswd_params<key> p) {
             p.new_password = {};
             return p;
           }),
           errc::missing_parameter, "kpasswd_params", "new_password"));
  std::vector<std::uint8_t> huge(70000, 'x');
  octet_list buffer(90000);
  asking c;
  client too_long({.credential = c.credential, .new_password = secret_view(bytes_view(huge)), .buffer = buffer});
  const auto step = too_long.start(c.w.turn());
  REQUIRE(is<failed>(step));
  CHECK(std::get<failed>(step).why.code == errc::input_too_large);
  CHECK(!holds(buffer, bytes_view(huge).first(100)));
}
TEST_CASE("kpasswd_client: only a ticket for kadmin/changepw is sent", "[exchange][rfc3244-2][cve-2022-2031]") {
  asking c;
  c.w.w.service = web;
  const auto other = c.w.w.credential();
  client x({.credential = other, .new_password = new_secret, .buffer = c.buffer});
  const auto step = x.start(c.w.turn());
  REQUIRE(is<failed>(step));
  CHECK(is(std::get<failed>(step).why, errc::api_misuse, "kpasswd_params", "credential"));
}

// ---- buffers, randomness, memory

TEST_CASE("kpasswd_client: the buffer that it asks for is enough, and one octet less is not", "[exchange]") {
  asking c;
  octet_list none, less, exact, too_small, enough;
  client x({.credential = c.credential, .new_password = new_secret, .buffer = none});
  const unsigned draws = c.w.w.policy.entropy.draws();
  const auto first = x.start(c.w.turn());
  REQUIRE(is<need_buffer>(first));
  const std::size_t n = std::get<need_buffer>(first).size;
  less.resize(n - 1);
  REQUIRE(x.set_buffer(less));
  const auto again = x.start(c.w.turn());
  REQUIRE(is<need_buffer>(again));
  CHECK(std::get<need_buffer>(again).size == n);
  CHECK(c.w.w.policy.entropy.draws() == draws);
  exact.resize(n);
  REQUIRE(x.set_buffer(exact));
  const auto request = x.start(c.w.turn());
  REQUIRE(is<send>(request));
  CHECK(x.framed().size() == sent(request).size() + 4);
  CHECK(x.framed().size() <= n);
  const auto seen = c.w.open(sent(request));
  CHECK(seen.part.user_data == bytes_view(new_password));
  // and for the reply
  const octet_list reply = copy(c.w.reply(success, c.w.parts(seen), seen.subkey));
  const auto more = x.receive(reply, c.w.turn());
  REQUIRE(is<need_buffer>(more));
  const std::size_t m = std::get<need_buffer>(more).size;
  too_small.resize(m - 1);
  enough.resize(m);
  REQUIRE(x.set_buffer(too_small));
  REQUIRE(is<need_buffer>(x.receive(reply, c.w.turn())));
  REQUIRE(x.set_buffer(enough));
  CHECK(is<done>(x.receive(reply, c.w.turn())));
}

TEST_CASE("kpasswd_client: without randomness nothing is sent, and no password remains", "[exchange]") {
  for (const unsigned failing : {1u, 2u, 3u}) {
    asking c;
    c.w.w.policy.entropy.fail_at = c.w.w.policy.entropy.draws() + failing;
    const auto step = c.start();
    if (failing == 3) {
      CHECK(is<send>(step));
      continue;
    }
    CHECK(failure(step) == errc::entropy);
    CHECK(!holds(c.buffer, new_password));
    CHECK(c.x.framed().empty());
  }
}

TEST_CASE("kpasswd_client: a number of any length fits", "[exchange][rfc3244-2]") {
  asking c;
  std::set<std::size_t> sizes;
  for (int i = 0; i != 400; ++i) {
    std::array<std::uint8_t, 4096> buffer{};
    client x({.credential = c.credential, .new_password = new_secret, .buffer = buffer});
    const auto step = x.start(c.w.turn());
    REQUIRE(is<send>(step));
    const auto seen = c.w.open(sent(step));
    REQUIRE(seen.part.seq_number == seen.seq);
    sizes.insert(sent(step).size());
    REQUIRE(is<done>(x.receive(c.w.reply(success, c.w.parts(seen), seen.subkey), c.w.turn())));
  }
  CHECK(sizes.size() > 1);  // one number in 128 is shorter
}

TEST_CASE("kpasswd_client: nothing that was opened outlives the exchange", "[exchange]") {
  std::array<std::uint8_t, 4096> buffer{};
  {
    asking c;
    client x({.credential = c.credential, .new_password = new_secret, .buffer = buffer});
    const auto seen = c.w.open(sent(x.start(c.w.turn())));
    CHECK(is<password_refused>(x.receive(c.w.reply(refusal, c.w.parts(seen), seen.subkey), c.w.turn())));
    CHECK(holds(buffer, refusal));
  }
  CHECK(!holds(buffer, refusal));
}

TEST_CASE("kpasswd_client: a whole exchange allocates nothing", "[exchange]") {
  asking c;
  bool over = false;
  const auto seen = c.w.open(sent(c.start()));
  const octet_list reply = copy(c.w.reply(success, c.w.parts(seen), seen.subkey));
  {
    const kerb_test::no_allocations none;
    std::array<std::uint8_t, 4096> buffer{};
    client x({.credential = c.credential, .new_password = new_secret, .buffer = buffer});
    (void)x.start(c.w.turn());
    over = is<done>(c.answer(reply));
  }
  CHECK(over);
}

TEST_CASE("kpasswd_client: times are unique", "[exchange][rfc4120-3.2.3]") {
  asking c;
  unique_time times;
  std::set<std::int32_t> used;
  for (int i = 0; i != 3; ++i) {
    std::array<std::uint8_t, 4096> buffer{};
    client x({.credential = c.credential, .new_password = new_secret, .buffer = buffer, .times = times});
    const auto step = x.start(c.w.turn());
    REQUIRE(is<send>(step));
    used.insert(c.w.open(sent(step)).at.usec.count);
  }
  CHECK(used.size() == 3);
}

TEST_CASE("drive: changes a password, and returns why it was refused", "[exchange][rfc3244-2]") {
  for (const bool refuses : {false, true}) {
    asking c;
    octet_list answer, larger;
    const auto ask = [&](const send& s) -> result<kerb::answer> {
      CHECK(s.to == destination::kpasswd);
      const auto seen = c.w.open(s.octets);
      answer = copy(c.w.reply(refuses ? bytes_view(refusal) : bytes_view(success), c.w.parts(seen), seen.subkey));
      return kerb::answer(answer);
    };
    const auto grow = [&](std::size_t n) {
      larger.resize(n + 1024);
      return std::span(larger);
    };
    std::array<std::uint8_t, 16> small{};
    client x({.credential = c.credential, .new_password = new_secret, .buffer = small});
    const auto got = drive(x, c.w.w.policy, c.w.w.now, ask, {}, grow);
    CHECK(got.has_value() == !refuses);
    if (got) CHECK(got->code == kpasswd_result_t::success);
    else CHECK((got.error().code == errc::password_refused && got.error().detail == 4));
    const auto no = x.refusal();
    CHECK(no.has_value() == refuses);
    if (no) CHECK(no->text == "Too short."_krb);
  }
}

TEST_CASE("kpasswd: both sides agree, whichever way the password is sent", "[exchange][rfc3244-2]") {
  for (auto* const change :
       {static_cast<kpasswd_params<key> (*)(kpasswd_params<key>)>(nullptr), &to_set, &to_set_bob}) {
    for (const bool no : {false, true}) {
      asking c(change);
      const octet_list request = copy(sent(c.start()));
      constexpr auto text = "6e6f"_hex;
      const auto s = c.w.serve(request, {no ? kpasswd_result_t::softerror : kpasswd_result_t::success, text});
      REQUIRE(s.replied);
      CHECK(s.own == (change != &to_set_bob));
      CHECK(s.has_password(new_password));
      CHECK(same_principal(s.target, change == &to_set_bob ? bob : alice));
      const auto step = c.answer(s.octets);
      CHECK(is<password_refused>(step) == no);
      CHECK(is<done>(step) == !no);
      if (no) CHECK(std::get<password_refused>(step).text == "no"_krb);
    }
  }
}
TEST_CASE("kpasswd: the client understands each refusal of the service", "[exchange][rfc3244-2]") {
  for (const bool sealed : {false, true}) {
    for (auto* const change : {static_cast<kpasswd_params<key> (*)(kpasswd_params<key>)>(nullptr), &to_set}) {
      asking c(change);
      const octet_list request = copy(sent(c.start()));
      const auto s = c.w.serve(request, c.w.service_params(), {kpasswd_result_t::initial_flag_needed, {}}, sealed);
      const auto step = c.answer(s.octets);
      if (sealed) {
        REQUIRE(is<password_refused>(step));
        CHECK(std::get<password_refused>(step).code == kpasswd_result_t::initial_flag_needed);
        continue;
      }
      CHECK(fails(step, errc::peer_error, "KRB-ERROR", "error-code"));
      CHECK(kerb_test::must(c.x.peer_result()).code == kpasswd_result_t::autherror);
    }
  }
}

}  // namespace
