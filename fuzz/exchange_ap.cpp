// The two sides of the AP exchange over messages of any kind. The first octet says what the rest is: a message as it
// stands, or the plaintext of one of its sealed parts; and whether it came over a stream. Inputs are changed field by
// field, and a request also under its seals.
#include <kerb/testing/mutate.hpp>

#include "require.hpp"
#include "support/ap_world.hpp"

using namespace kerb;
using namespace kerb_test;
using kerb_fuzz::require;

namespace {

using policy = testing::insecure_policy;
enum class shape : std::uint8_t { ap_req, ticket_part, authenticator, ap_rep, rep_part, ap_req_sealed_again };
constexpr shape shape_of(std::uint8_t first) {
  return shape{static_cast<std::uint8_t>((first & 7) == 5 ? 5 : (first & 7) % 5)};
}

/// What is sealed around octets of ours, as it should be.
template <class T>
auto sealing(bytes_view plain, const key& k, key_usage_t usage, ap_world& w, errc& why) {
  return asn1::computed{
      [=, &k, &w, &why](der::writer& to) { write_sealed(to, captured<T>::as_sent(plain), k, usage, w.turn(), why); }};
}

bytes_view ticket_around(ap_world& w, bytes_view plain, std::span<std::uint8_t> out) {
  errc why = errc::ok;
  const key k = w.service_key();
  auto part = sealing<msg::EncTicketPart>(plain, k, key_usage_t::ticket, w, why);
  return *asn1::encode(msg::BasicTicket<decltype(part)>{web.realm, web.name, part}, out);
}
bytes_view request_around(ap_world& w, bytes_view ticket, bytes_view plain, std::span<std::uint8_t> out) {
  errc why = errc::ok;
  const key k = w.session_key();
  auto part = sealing<msg::Authenticator>(plain, k, key_usage_t::ap_req_authenticator, w, why);
  return *asn1::encode(msg::BasicApReq<decltype(part)>{w.options, captured<msg::Ticket>::as_sent(ticket), part}, out);
}

/// What the RFC demands of a request that is accepted, said once more.
void look(ap_world& w, const msg::ApReq& req) {
  const auto plain = [](bytes_view cipher) { return cipher.subview(8, cipher.size() - 16); };  // nothing is hidden
  require(req.ticket->enc_part.cipher.size() >= 16 && req.authenticator.cipher.size() >= 16, "accepts no open part");
  const auto part = asn1::decode<msg::EncTicketPart>(plain(req.ticket->enc_part.cipher));
  const auto auth = asn1::decode<msg::Authenticator>(plain(req.authenticator.cipher));
  require(part && auth, "accepts nothing malformed");
  require(same_principal({part->cname, part->crealm}, {auth->cname, auth->crealm}), "accepts no other client");
  require(within_skew({auth->ctime, auth->cusec}, w.now, 300), "accepts no other time");
  require(!part->flags.has(ticket_flag_t::invalid), "accepts no invalid ticket");
  require(part->starttime.value_or(part->authtime).seconds <= w.now.at.seconds + 300, "accepts no ticket of later");
  require(part->endtime.seconds + 300 >= w.now.at.seconds, "accepts no ticket of before");
  require(!part->caddr || part->caddr->empty(), "accepts no address that it cannot compare");
}

void present(ap_world& w, bytes_view octets, bytes_view true_ticket, bytes_view true_auth, bool as_it_stands) {
  std::array<std::uint8_t, 8192> buffer{};
  ap_acceptor<policy> a(w.request_in(buffer));
  const key k = w.service_key();
  auto step = a.receive(octets, w.turn());
  if (is<need_ticket_key>(step)) step = a.provide(k, w.turn());
  if (is<need_ticket_key>(step)) step = a.no_key(errc::no_key, w.turn());
  if (is<check_replay>(step)) step = a.replay_checked(true, w.turn());
  if (is<authenticated>(step)) step = a.accept({}, w.turn());
  if (const auto* no = std::get_if<refused>(&step)) {
    require(no->why.code != errc::ok && no->why.code != errc::api_misuse, "is no misuse, whatever came");
    const bool is_answer = !octets.empty() && (octets[0] == 0x6f || octets[0] == 0x7e);  // which gets none
    require(is_answer ? no->octets.empty() : asn1::decode<msg::KrbError>(no->octets).has_value(),
            "is told by a KRB-ERROR, unless it would go on for ever", "a refusal");
    require(a.peer() == nullptr && !std::move(a).take(), "leaves nobody authenticated", "a refusal");
    require(!holds(buffer, alice_parts[1].octets), "leaves nothing that was opened", "a refusal");
    return;
  }
  require(is<reply>(step) || is<done>(step), "ends, whatever came", "the acceptor");
  const auto req = asn1::decode<msg::ApReq>(octets);
  require(req.has_value(), "accepts nothing that does not decode");
  look(w, *req);
  if (as_it_stands) {
    require(req->ticket->enc_part.cipher == true_ticket, "accepts the true ticket only");
    require(req->authenticator.cipher == true_auth, "accepts the true authenticator only");
  }
  const auto who = std::move(a).take();
  require(who.has_value(), "has a product at the end");
  require(who->reply().empty() != req->ap_options.has(ap_option_t::mutual_required), "replies where it is asked to");
}

void answer_to(ap_world& w, bytes_view rest, bool sealed, bool stream) {
  const basic_credential<key> credential = w.credential();
  std::array<std::uint8_t, 8192> buffer{};
  ap_initiator<policy> x({.credential = credential, .buffer = buffer});
  require(is<send>(x.start(w.turn())), "starts", "the initiator");
  std::array<std::uint8_t, 512> honest{};
  std::array<std::uint8_t, 4096> out{};
  const key k = w.session_key();
  errc why = errc::ok;
  auto part = sealing<msg::EncApRepPart>(rest, k, key_usage_t::ap_rep_enc_part, w, why);
  bytes_view octets = rest;
  if (sealed) octets = *asn1::encode(msg::BasicApRep<decltype(part)>{part}, out);
  w.policy.entropy = {};  // so that the corpus can hold the true reply
  const bytes_view good = *testing::mint_ap_rep({w.now.at, w.now.usec, {}, 5}, k, w.turn(), honest);

  const auto next = x.receive(octets, w.turn(), stream ? transport::stream : transport::datagram);
  require(!(stream && is<ignored>(next)), "passes nothing over on a stream");
  if (is<done>(next)) {
    const auto rep = asn1::decode<msg::ApRep>(octets);
    require(rep && rep->enc_part.cipher.size() >= 16, "ends by an AP-REP only");
    const auto p = asn1::decode<msg::EncApRepPart>(rep->enc_part.cipher.subview(8, rep->enc_part.cipher.size() - 16));
    require(p && p->ctime == w.now.at && p->cusec == w.now.usec, "ends by its own time only");
    if (!sealed) require(octets == good, "ends by the true reply only");
    require(std::move(x).take().has_value(), "has a product at the end");
    return;
  }
  require(!std::move(x).take(), "has no product before the end");
  if (const auto* f = std::get_if<failed>(&next)) {
    require(f->why.code != errc::ok && f->why.code != errc::api_misuse, "is no misuse, whatever came");
    require(failure(x.receive(good, w.turn())) == f->why.code, "says the first reason again");
  } else {
    require(is<ignored>(next), "waits on");
    require(is<done>(x.receive(good, w.turn())), "takes the true reply after all");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 1500) return 0;
  const shape s = shape_of(data[0]);
  const bool stream = (data[0] & 8) != 0;
  const bytes_view rest(data + 1, size - 1);
  ap_world w;
  if (s == shape::ap_rep || s == shape::rep_part) {
    answer_to(w, rest, s == shape::rep_part, stream);
    return 0;
  }
  const bytes_view honest = w.mint();
  const auto req = asn1::decode<msg::ApReq>(honest);
  std::array<std::uint8_t, 512> auth{};
  std::array<std::uint8_t, 4096> ticket{}, out{};
  bytes_view octets = rest;
  if (s == shape::ticket_part) {
    octets = request_around(w, ticket_around(w, rest, ticket), *asn1::encode(w.authenticator, auth), out);
  } else if (s == shape::authenticator) {
    octets = request_around(w, req->ticket.octets(), rest, out);
  }
  present(w, octets, req->ticket->enc_part.cipher, req->authenticator.cipher, s == shape::ap_req);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max, unsigned seed) {
  if (max == 0) return 0;
  if (size == 0) data[0] = static_cast<std::uint8_t>(seed), size = 1;
  const std::span<std::uint8_t> rest(data + 1, max - 1);
  ap_world w;
  // Only a request in its own shape may be sealed by somebody else than the honest client.
  const msg::EncryptionKey k = key_as_sent(w.service_etype, service_octets);
  const testing::mutation_key keys[] = {{k.keytype, k.keyvalue}};
  switch (shape_of(data[0])) {
    case shape::ap_req: return 1 + testing::mutate<msg::ApReq>(rest, size - 1, seed).size;
    case shape::ticket_part: return 1 + testing::mutate<msg::EncTicketPart>(rest, size - 1, seed).size;
    case shape::authenticator: return 1 + testing::mutate<msg::Authenticator>(rest, size - 1, seed).size;
    case shape::rep_part: return 1 + testing::mutate<msg::EncApRepPart>(rest, size - 1, seed).size;
    case shape::ap_rep: return 1 + testing::mutate<msg::ApRep, msg::KrbError>(rest, size - 1, seed).size;
    default: return 1 + testing::mutate<msg::ApReq>(rest, size - 1, seed, {.keys = keys}).size;
  }
}
