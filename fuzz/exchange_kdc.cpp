// The AS and TGS clients over replies of any kind. The first octet says what the rest is: a reply as it stands, the
// sealed part of a reply, or the hints in a KRB-ERROR; and whether it came over a stream.
#include "require.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;
using kerb_fuzz::require;

namespace {

enum class shape : std::uint8_t { whole, as_sealed, tgs_sealed, hints };

template <class Step>
bytes_view sent(const Step& s) {
  const auto* out = std::get_if<send>(&s);
  return out == nullptr ? bytes_view() : out->octets;
}

/// A reply whose encrypted part is `plain`, sealed as it should be; the rest is honest.
template <msg_t M>
bytes_view around(kdc_world& w, bytes_view plain, const key& k, key_usage_t usage, const principal_view& service,
                  std::span<std::uint8_t> cipher, std::span<std::uint8_t> out) {
  const std::span<std::uint8_t> io = cipher.first(plain.size() + 16);
  for (std::size_t i = 0; i != plain.size(); ++i) io[8 + i] = plain[i];
  require(w.policy.seal(k, usage, io) == errc::ok, "seals", "the world");
  using tkt = captured<msg::Ticket>;
  const msg::EncryptedData part{k.etype(), {}, bytes_view(io)};
  return *asn1::encode(msg::KdcRep<M>{{}, ex_org, alice().name, tkt::as_sent(w.ticket(service, w.service_key)), part},
                       out);
}

/// What came out must be what was asked for, whatever went in.
template <class Client, class Part>
void look(Client& x, bytes_view plain, const principal_view& service, std::uint32_t nonce) {
  const auto c = std::move(x).take();
  require(c.has_value(), "has a product after done");
  require(same_principal(c->client(), alice()) && same_principal(c->server(), service), "names who was asked for");
  require(!c->session_key().empty() && c->ticket().size() != 0, "has a key and a ticket");
  if (plain.empty()) return;
  const auto part = asn1::decode<Part>(plain);
  require(part && part->nonce == nonce, "accepts no other nonce");
}

template <msg_t M, class Part, class Client>
void feed(kdc_world& w, Client& x, shape s, bool stream, bytes_view rest, const key& k, key_usage_t usage,
          const principal_view& service, std::uint32_t nonce) {
  std::array<std::uint8_t, 4096> cipher{}, reply{};
  const bool sealed = s != shape::whole && s != shape::hints;
  const bytes_view octets = sealed              ? around<M>(w, rest, k, usage, service, cipher, reply)
                            : s == shape::hints ? w.error(error_code_t::kdc_err_preauth_required, rest)
                                                : rest;
  const auto next = x.receive(octets, w.env_now(), stream ? transport::stream : transport::datagram);
  require(!(stream && is<ignored>(next)), "passes nothing over on a stream");
  if (is<done>(next)) look<Client, Part>(x, sealed ? rest : bytes_view(), service, nonce);
  if (const auto* f = std::get_if<failed>(&next)) {
    require(f->why.code != errc::api_misuse && f->why.code != errc::ok, "is no misuse, whatever came");
    require(why(x.receive({}, w.env_now())).code == f->why.code, "says the first reason again");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 1500) return 0;
  const shape s{static_cast<std::uint8_t>(data[0] & 3)};
  const bool stream = (data[0] & 4) != 0;
  bytes_view rest(data + 1, size - 1);
  if (s == shape::hints && rest.size() > 300) rest = rest.first(300);  // what the world's buffer takes
  kdc_world w;
  w.limits.max_iterations = 100000;
  std::array<std::uint8_t, 4096> buffer{};
  if (s != shape::tgs_sealed) {
    as_client<testing::insecure_policy> x(w.ask_as(buffer));
    const auto first = x.start(w.env_now());
    const auto req = asn1::decode<msg::AsReq>(sent(first));
    const std::uint32_t nonce = req->req_body->nonce;
    feed<msg_t::as_rep, msg::EncAsRepPart>(w, x, s, stream, rest, w.client_key, key_usage_t::as_rep_enc_part, krbtgt(),
                                           nonce);
  }
  if (s == shape::whole || s == shape::tgs_sealed) {
    const basic_credential<key> tgt = w.tgt();
    std::array<std::uint8_t, 4096> own{};
    tgs_client<testing::insecure_policy> x({.tgt = tgt, .server = web(), .buffer = own, .subkey = false});
    const auto first = x.start(w.env_now());
    const auto req = asn1::decode<msg::TgsReq>(sent(first));
    const std::uint32_t nonce = req->req_body->nonce;
    feed<msg_t::tgs_rep, msg::EncTgsRepPart>(w, x, s, stream, rest, w.session_key,
                                             key_usage_t::tgs_rep_enc_part_session, web(), nonce);
  }
  return 0;
}
