// Changing a password as a client: what is sent, and every check on what comes back (RFC 3244).
#include <kerb/exchange/drive.hpp>

#include <memory>
#include <string>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/kpasswd_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using policy = testing::insecure_policy;
using client = kpasswd_client<policy>;
using octet_list = std::vector<std::uint8_t>;

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

}  // namespace
