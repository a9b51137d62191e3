// Both sides of a change of a password. The first octet says what the rest is: a reply or a request as it stands, or
// what one of them has under a seal; whether it comes over a stream, and which kind of request it is.
#include "require.hpp"
#include "support/kpasswd_world.hpp"

using namespace kerb;
using namespace kerb_test;
using kerb_fuzz::require;

namespace {

using policy = testing::insecure_policy;
enum class shape : std::uint8_t { reply, reply_data, reply_part, ap_rep_part, request, request_data, request_part };

void shows_nothing_else(bytes_view text) {
  for (const std::uint8_t o : text) require(o >= 0x20 || o == '\n' || o == '\t', "shows no control character");
  require(text.size() <= max_kpasswd_text && valid_utf8_octets(text) == text.size(), "shows little, and only UTF-8");
}
/// `plain` sealed as a KRB-PRIV.
bytes_view sealed_priv(kpasswd_world& w, bytes_view plain, const key& k, std::span<std::uint8_t> out) {
  errc why = errc::ok;
  auto sealed = asn1::computed{[&](der::writer& to) {
    write_sealed(to, captured<msg::EncKrbPrivPart>::as_sent(plain), k, key_usage_t::krb_priv_enc_part, w.turn(), why);
  }};
  return must(asn1::encode(msg::BasicKrbPriv<decltype(sealed)>{sealed}, out));
}

void reply_to_client(shape s, bytes_view rest, transport how, bool set) {
  kpasswd_world w;
  const auto credential = w.w.credential();
  std::array<std::uint8_t, 8192> buffer{};
  kpasswd_client<policy> x({.credential = credential,
                            .new_password = new_secret,
                            .buffer = buffer,
                            .version = set ? kpasswd_frame::set_version : kpasswd_frame::change_version});
  const auto first = x.start(w.turn());
  require(is<send>(first), "sends a request");
  const auto seen = w.open(std::get<send>(first).octets);
  const reply_parts parts = w.parts(seen);
  std::array<std::uint8_t, 8192> priv{};
  std::array<std::uint8_t, 8192> rep{};
  std::array<std::uint8_t, 8192> whole{};
  constexpr auto success = "0000"_hex;
  bytes_view octets = rest;
  if (s == shape::reply_data || s == shape::reply_part) {
    const bytes_view ap = must(testing::mint_ap_rep(parts.ap, w.w.session_key(), w.turn(), rep));
    const bytes_view message =
        s == shape::reply_data ? w.mint_priv(rest, parts, seen.subkey, priv) : sealed_priv(w, rest, seen.subkey, priv);
    octets = must(write_kpasswd_frame({kpasswd_frame::change_version, ap, message}, whole));
  } else if (s == shape::ap_rep_part) {
    errc why = errc::ok;
    auto sealed = asn1::computed{[&](der::writer& to) {
      write_sealed(to, captured<msg::EncApRepPart>::as_sent(rest), w.w.session_key(), key_usage_t::ap_rep_enc_part,
                   w.turn(), why);
    }};
    const bytes_view ap = must(asn1::encode(msg::BasicApRep<decltype(sealed)>{sealed}, rep));
    const bytes_view message = w.mint_priv(success, parts, seen.subkey, priv);
    octets = must(write_kpasswd_frame({kpasswd_frame::change_version, ap, message}, whole));
  }
  const auto step = x.receive(octets, w.turn(), how);
  const bool over = is<done>(step), refused = is<password_refused>(step);
  if (over || refused) {
    require(s != shape::reply, "takes no reply that the service did not seal");
    require(over == std::move(x).take().has_value(), "has a result after success only");
  }
  if (s == shape::reply_data && rest.size() >= 2) {
    require(over == (rest[0] == 0 && rest[1] == 0) && refused != over, "succeeds with the code zero only");
  }
  if (const auto* no = std::get_if<password_refused>(&step)) {
    require(no->code != kpasswd_result_t::success && no->why.code == errc::password_refused, "refuses with a code");
    shows_nothing_else(no->text.octets);
    require(!no->policy || no->text.octets.empty(), "shows a policy or a text");
  }
  if (const auto* f = std::get_if<failed>(&step)) {
    require(f->why.code != errc::ok && f->why.code != errc::api_misuse, "is no misuse, whatever came");
    const auto told = x.peer_result();
    require(!told || told->code != kpasswd_result_t::success, "takes no success from an error");
    if (told) shows_nothing_else(kpasswd_text(told->text).octets);
    require(!std::move(x).take(), "has no result after a failure");
    const auto again = x.receive(octets, w.turn(), how);
    require(is<failed>(again) && std::get<failed>(again).why.code == f->why.code, "fails for good");
  }
  if (is<ignored>(step)) {
    require(how == transport::datagram, "ignores nothing on a stream");
    require(is<done>(x.receive(w.reply(success, parts, seen.subkey), w.turn())), "takes the true reply after all");
  }
  if (const auto* n = std::get_if<need_buffer>(&step)) require(n->size > buffer.size(), "asks for more than it has");
}

void request_to_service(shape s, bytes_view rest, transport how, bool set) {
  kpasswd_world w;
  kpasswd_world::asked_parts parts;
  if (set) parts.version = kpasswd_frame::set_version;
  std::array<std::uint8_t, 8192> priv{};
  std::array<std::uint8_t, 8192> whole{};
  bytes_view octets = rest;
  if (s == shape::request_data) {
    if (rest.size() > 1500) return;  // what the world has space for
    octets = w.request(rest, std::move(parts));
  } else if (s == shape::request_part) {
    const auto honest = must(read_kpasswd_frame(w.request(new_password, std::move(parts))));
    const key k = w.subkey();
    octets = must(write_kpasswd_frame({honest.version, honest.ap, sealed_priv(w, rest, k, priv)}, whole));
  }
  std::array<std::uint8_t, 16384> buffer{};
  auto params = w.service_params();
  params.ap.buffer = buffer;
  params.ap.arrived = how;
  kpasswd_service<policy> x(params);
  const key k = w.w.service_key();
  auto step = x.receive(octets, w.turn());
  if (is<need_ticket_key>(step)) step = x.provide(k, w.turn());
  if (is<need_ticket_key>(step)) step = x.no_key(errc::no_key, w.turn());
  if (is<check_replay>(step)) step = x.replay_checked(true, w.turn());
  if (const auto* ask = std::get_if<change_password>(&step)) {
    if (s == shape::request) {  // the corpus has true ones, which anything else in the frame may change
      require(ask->new_password.unguarded() == bytes_view(new_password) && ask->is_own, "takes what the client sealed");
    }
    require(!ask->new_password.empty(), "asks about a password");
    require(same_principal(ask->client, alice), "knows who asks");
    require(ask->is_own == same_principal(ask->client, ask->target), "knows whose password it is");
    if (s == shape::request_data && !set) {
      require(ask->new_password.unguarded() == rest && ask->is_own, "takes all octets of an old request");
    }
    step = x.answer(kpasswd_result_t::softerror, "no"_krb, w.turn());
    require(is<reply>(step) && !std::get<reply>(step).octets.empty(), "answers what was asked");
    require(!holds(buffer, subkey_octets), "leaves no key");
    return;
  }
  if (const auto* no = std::get_if<refused>(&step)) {
    require(no->why.code != errc::ok && no->why.code != errc::api_misuse, "is no misuse, whatever came");
    require(!holds(buffer, subkey_octets), "leaves no key");
    if (no->octets.empty()) return;
    const auto frame = read_kpasswd_frame(no->octets);
    const auto error = asn1::decode<msg::KrbError>(frame ? frame->message : no->octets);
    if (frame && !frame->ap.empty()) return;  // a sealed result
    require(error && error->e_data.has_value(), "refuses with a KRB-ERROR that has a result");
    require(must(read_kpasswd_result(*error->e_data)).code != kpasswd_result_t::success, "refuses with a code");
    require(how == transport::stream || no->octets.size() <= octets.size(), "amplifies nothing");
    return;
  }
  if (const auto* n = std::get_if<need_buffer>(&step)) {
    require(n->size > buffer.size(), "asks for more than it has");
    return;
  }
  require(false, "ends in a reply or a refusal");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 6000) return 0;
  const auto s = static_cast<shape>(data[0] % 8);
  const transport how = (data[0] & 8) != 0 ? transport::stream : transport::datagram;
  const bool set = (data[0] & 16) != 0;
  const bytes_view rest(data + 1, size - 1);
  if (s <= shape::ap_rep_part) reply_to_client(s, rest, how, set);
  else if (s <= shape::request_part) request_to_service(s, rest, how, set);
  return 0;
}
