// The KDC's side of both its exchanges over requests of any kind. The first octet says what the rest is: a request as
// it stands, or a part of a TGS request that is otherwise as it should be: the ticket's plaintext, the authenticator's,
// the body (under a checksum that fits it); and whether the database knows more, and it came as a datagram.
#include "require.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;
using kerb_fuzz::require;

namespace {
using world = kerb_kdc_test::kdc_world;
enum class shape : std::uint8_t { request, ticket_part, authenticator, body };

struct tgs_parts {
  bytes_view ticket_part, authenticator, body;  // encodings; empty: as they should be
};

bytes_view make_request(world& w, const tgs_parts& parts, std::span<std::uint8_t> out) {
  std::array<std::uint8_t, 4096> part_octets{}, auth_octets{}, body_octets{}, ticket{}, ap{};
  w.body.sname = web().name;
  const bytes_view body = parts.body.empty() ? *asn1::encode(w.body, body_octets) : parts.body;
  std::array<std::uint8_t, 8> mac{};
  const bytes_view pieces[] = {body};
  const cksum_t type = cksum_t::hmac_sha1_96_aes256;
  (void)w.crypto.sign(type, w.session, key_usage_t::tgs_req_authenticator_cksum, pieces, mac);
  w.authenticator.cksum = msg::Checksum{type, bytes_view(mac)};
  w.tgt.key = {e18, w.crypto.expose(w.session).unguarded()};
  const bytes_view part = parts.ticket_part.empty() ? *asn1::encode(w.tgt, part_octets) : parts.ticket_part;
  const bytes_view auth =
      parts.authenticator.empty() ? *asn1::encode(w.authenticator, auth_octets) : parts.authenticator;
  errc why = errc::ok;
  const auto t = w.env_now();
  auto sealed_part = asn1::computed{[&](der::writer& to) {
    write_sealed(to, captured<msg::EncTicketPart>::as_sent(part), w.tgs.own, key_usage_t::ticket, t, why, 1);
  }};
  auto sealed_auth = asn1::computed{[&](der::writer& to) {
    write_sealed(to, captured<msg::Authenticator>::as_sent(auth), w.session, key_usage_t::tgs_req_authenticator, t,
                 why);
  }};
  const bytes_view tkt =
      *asn1::encode(msg::BasicTicket<decltype(sealed_part)>{ex_org, krbtgt().name, sealed_part}, ticket);
  const bytes_view req =
      *asn1::encode(msg::BasicApReq<decltype(sealed_auth)>{{}, captured<msg::Ticket>::as_sent(tkt), sealed_auth}, ap);
  const msg::PaData list[] = {{padata_t::tgs_req, req}};
  return *asn1::encode(
      msg::TgsReq{msg::MethodData{view_of<msg::PaData>(list)}, captured<msg::KdcReqBody>::as_sent(body)}, out);
}

/// What the RFC demands of a ticket that the TGS issues, said once more. Nothing is hidden from this: the policy's seal
/// leaves the text as it is.
bytes_view plain(bytes_view cipher) { return cipher.subview(8, cipher.size() - 16); }
void look(const world& w, bytes_view request, bytes_view reply) {
  const auto req = asn1::decode<msg::TgsReq>(request);
  const auto rep = asn1::decode<msg::TgsRep>(reply);
  require(req && rep, "answers a request by a reply");
  bytes_view ap_octets;
  for (const msg::PaData p : *req->padata)
    if (p.padata_type == padata_t::tgs_req) ap_octets = p.padata_value;
  const auto ap = asn1::decode<msg::ApReq>(ap_octets);
  require(ap.has_value(), "issues nothing without a ticket");
  const auto tgt = asn1::decode<msg::EncTicketPart>(plain(ap->ticket->enc_part.cipher));
  const auto auth = asn1::decode<msg::Authenticator>(plain(ap->authenticator.cipher));
  const auto part = asn1::decode<msg::EncTgsRepPart>(plain(rep->enc_part.cipher));
  const auto issued = asn1::decode<msg::EncTicketPart>(plain(rep->ticket->enc_part.cipher));
  require(tgt && auth && part && issued, "issues nothing on what is malformed");
  const msg::KdcReqBody& body = req->req_body.value();
  require(part->nonce == body.nonce, "answers this request");
  require(same_principal({auth->cname, auth->crealm}, {tgt->cname, tgt->crealm}), "issues to no other client");
  require(same_principal({issued->cname, issued->crealm}, {tgt->cname, tgt->crealm}) &&
              same_principal({rep->cname, rep->crealm}, {tgt->cname, tgt->crealm}),
          "issues in the name of the ticket's client");
  require(within_skew({auth->ctime, auth->cusec}, w.now, 300), "takes no other time");
  const bool renews = body.kdc_options.has(kdc_option_t::renew);
  require(renews ? issued->endtime <= *tgt->renew_till : issued->endtime <= tgt->endtime,
          "issues nothing that outlives it");
  require(!issued->flags.has(ticket_flag_t::initial), "marks nothing INITIAL");
  require(!tgt->flags.has(ticket_flag_t::invalid) || body.kdc_options.has(kdc_option_t::validate),
          "takes nothing invalid");
  for (const auto flag : {ticket_flag_t::forwardable, ticket_flag_t::proxiable, ticket_flag_t::may_postdate,
                          ticket_flag_t::renewable, ticket_flag_t::pre_authent, ticket_flag_t::hw_authent})
    require(!issued->flags.has(flag) || tgt->flags.has(flag), "grants nothing that the ticket had not");
  bool offered = false;
  for (const etype_t e : body.etype) offered |= e == part->key.keytype;
  require(offered, "makes a key of a type that was offered");
  for (const ad_t type : {ad_t::win2k_pac, ad_t::cammac, ad_t::kdc_issued})
    require(!kerb::detail::holds(issued->authorization_data, type), "carries nothing that was signed elsewhere");
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 2000) return 0;
  const shape s{static_cast<std::uint8_t>(data[0] & 3)};
  world w;
  if ((data[0] & 4) != 0) w.refer = other_org;
  if ((data[0] & 8) != 0) w.peer.arrived = transport::datagram;
  if ((data[0] & 16) != 0) w.settings.conceal_unknown_clients = true;
  w.settings.require_preauth = (data[0] & 32) == 0;
  w.changer.record.attributes.set(principal_attribute::initial_only);
  const bytes_view rest(data + 1, size - 1);
  std::array<std::uint8_t, 16384> out{};
  bytes_view request = rest;
  if (s != shape::request) {
    tgs_parts parts;
    (s == shape::ticket_part ? parts.ticket_part : s == shape::authenticator ? parts.authenticator : parts.body) = rest;
    request = make_request(w, parts, out);
  }
  w.crypto.entropy = {};

  std::array<std::uint8_t, 65536> buffer{};
  const auto t = w.env_now();
  kdc<testing::insecure_policy> x(w.settings, buffer, w.peer);
  kdc_step step = x.receive(request, t);
  bool decided = false;
  for (int calls = 0;; ++calls) {
    require(calls < 12, "ends");
    if (const auto* a = std::get_if<need_principal>(&step)) {
      const auto* e = w.find(a->principal);
      step = e != nullptr ? x.found(e->record, t) : w.refer ? x.refer_to(*w.refer, t) : x.absent(t);
    } else if (is<authorize>(step)) {
      decided = true;
      step = x.issue({}, t);
    } else {
      break;
    }
  }
  if (const auto* r = std::get_if<reply>(&step)) {
    require(decided, "asks the caller's policy first");
    if (x.tgs() != nullptr) {
      look(w, request, r->octets);
      require(!same_principal(x.tgs()->draft().server, changepw()), "issues no ticket that only the AS issues");
    }
    return 0;
  }
  const auto* no = std::get_if<refused>(&step);
  require(no != nullptr, "ends in a reply or a refusal, whatever came");
  require(no->why.code != errc::ok && no->why.code != errc::api_misuse, "is no misuse, whatever came");
  require(no->octets.empty() || asn1::decode<msg::KrbError>(no->octets).has_value(),
          "refuses by a KRB-ERROR, or silently");
  return 0;
}
