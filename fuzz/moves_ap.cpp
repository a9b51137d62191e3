// Both sides of the AP exchange by a script of moves: up to three clients and three acceptors at a time, on a network
// on which an adversary delivers what it likes. The adversary is a user with a ticket for the service, and runs another
// service, for which the honest client has a ticket too. What was sent and answered says who may be authenticated,
// when, and with which keys.
#include <kerb/exchange/client/ap.hpp>
#include <kerb/exchange/service/ap.hpp>

#include <memory>

#include "moves_tickets.hpp"

using namespace kerb;
using namespace kerb_fuzz;
using kerb_test::web;

namespace {

/// A request of an honest client, and the answer of an acceptor to it.
struct request {
  const ticket* with;
  timestamp at;
  octet_list authenticator, subkey;
  std::optional<std::uint32_t> seq;
  bool accepted = false, replied = false;
  octet_list acceptor_subkey{};
  std::optional<std::uint32_t> acceptor_seq{};
};

struct world : service_world {
  using service_world::service_world;
  std::list<request> requests{};

  request* find(bytes_view authenticator) {
    for (request& r : requests)
      if (bytes_view(r.authenticator) == authenticator) return &r;
    return nullptr;
  }
};

struct client {
  client(world& to, std::size_t size, const ticket& t, bool mutual, bool subkey) : w(to), with(t), buffer(size) {
    x = std::make_unique<ap_initiator<policy>>(initiator_params<key>{.credential = t.credential,
                                                                     .buffer = buffer.get(),
                                                                     .mutual = mutual ? required : if_asked,
                                                                     .subkey = subkey,
                                                                     .times = w.times});
    const auto s = buffer.grow(*x, [&] { return x->start(w.env()); });
    require(is<send>(s), "starts", "the initiator");
    const send& out = std::get<send>(s);
    w.net.add(out.octets);
    const auto sent = must(asn1::decode<msg::ApReq>(out.octets));
    const auto a = must(asn1::decode<msg::Authenticator>(plain(sent.authenticator.cipher)));
    request r{&t, {a.ctime, a.cusec}, copy(sent.authenticator.cipher), {}, a.seq_number};
    if (a.subkey) r.subkey = copy(a.subkey->keyvalue);
    w.requests.push_back(std::move(r));
    own = &w.requests.back();
    if (out.then == afterwards::finished) end();
  }
  void receive(octet_list octets, transport how) {
    if (over) return;
    const bytes_view in = lent.add(std::move(octets));
    const auto s = buffer.grow(*x, [&] { return x->receive(in, w.env(), how); });
    lent.forget();  // nothing of them is needed after the call
    if (is<ignored>(s)) return require(how == transport::datagram, "passes nothing over on a stream", "the initiator");
    if (is<done>(s)) {
      require(own->replied || !from_service, "is done only after the service has answered this request",
              "the initiator");
      return end();
    }
    const errc why = failure(s);
    require(why != errc::ok && why != errc::api_misuse, "is no misuse, whatever came", "the initiator");
    require(!std::move(*x).take() && failure(x->receive({}, w.env())) == why, "stays failed", "the initiator");
    over = true;
  }
  void end() {
    over = true;
    const auto keys = std::move(*x).take();
    require(keys.has_value() && !std::move(*x).take(), "has one product at its end", "the initiator");
    require(octets_of(keys->session_key) == with.session, "has the key of its ticket", "the initiator");
    require(octets_of(keys->initiator_subkey) == own->subkey && keys->initiator_seq == own->seq, "has what it sent",
            "the initiator");
    if (!from_service) return;
    require(octets_of(keys->acceptor_subkey) == own->acceptor_subkey, "has the acceptor's subkey", "the initiator");
    require(keys->acceptor_seq == own->acceptor_seq, "has the acceptor's number", "the initiator");
  }
  void move() {
    if (over) return;
    auto other = std::make_unique<ap_initiator<policy>>(std::move(*x));
    require(failure(x->start(w.env())) == errc::api_misuse && !std::move(*x).take(), "is empty after a move",
            "the initiator");
    x = std::move(other);
  }

  world& w;
  const ticket& with;
  moving_buffer buffer;
  lent_octets lent{};
  std::unique_ptr<ap_initiator<policy>> x{};
  request* own = nullptr;
  bool from_service = with.honest && with.for_service;  ///< only the service can seal an answer
  bool over = false;
};

struct acceptor {
  acceptor(world& to, std::size_t size) : w(to), buffer(size) {
    acceptor_params p{.service = web, .buffer = buffer.get()};
    if (size % 3 == 0) p.arrived = transport::datagram;
    x = std::make_unique<ap_acceptor<policy>>(std::move(p));
  }
  void receive(octet_list octets) {
    if (started) return;
    started = true;
    const bytes_view in = lent.add(std::move(octets));
    if (const auto req = asn1::decode<msg::ApReq>(in)) {
      got = *req;
      authenticator = copy(req->authenticator.cipher);
    }
    s = buffer.grow(*x, [&] { return x->receive(in, w.env()); });
    look();
  }
  /// Answers one question. The move has the same length whatever the state: scripts stay in step.
  void go_on() {
    const std::size_t how = w.in.below(8);
    if (!started || over) return;
    const bool alone = how == 7;
    if (is<need_ticket_key>(s)) {
      if (alone) s = x->no_key(errc::no_key, w.env());
      else s = x->provide(how == 6 ? w.ftp_key : w.own_key, w.env());
    } else if (const auto* ask = std::get_if<check_replay>(&s)) {
      const auto verdict = w.seen.insert(ask->digest, ask->forget_after, w.here.now.at);
      s = x->replay_checked(verdict, w.env());
    } else if (is<authenticated>(s)) {
      authenticated_now();
      s = alone ? x->refuse(error_code_t::kdc_err_policy, w.env()) : x->accept({.subkey = how % 2 == 0}, w.env());
    }
    look();
  }
  /// Every check is done: is this what a client has asked for, now, and for the first time?
  void authenticated_now() {
    const auto* peer = x->peer();
    require(peer != nullptr && got.has_value(), "shows its client", "the acceptor");
    const ticket* const t = w.ticket_of(got->ticket->enc_part.cipher);
    require(t != nullptr && t->for_service, "accepts tickets that the KDC has granted for this service",
            "the acceptor");
    require(same_principal(peer->client(), t->honest ? alice : mallory), "names the ticket's client", "the acceptor");
    require(same_principal(peer->service(), web), "names the service", "the acceptor");
    require(octets_of(peer->keys().session_key) == t->session, "has the key of the ticket", "the acceptor");
    require(peer->endtime() == t->end && t->start.seconds <= authenticated_at.at.seconds + 300 &&
                authenticated_at.at.seconds <= t->end.seconds + 300,
            "accepts a ticket while it is valid", "the acceptor");
    request* const r = w.find(got->authenticator.cipher);
    if (!t->honest) return;
    require(r != nullptr && r->with == t, "accepts alice's own requests with this ticket only", "the acceptor");
    require(!r->accepted, "accepts a request once", "the acceptor");
    r->accepted = true;
    require(within_skew(r->at, authenticated_at, 300), "accepts a request while it is new", "the acceptor");
    require(octets_of(peer->keys().initiator_subkey) == r->subkey && peer->keys().initiator_seq == r->seq,
            "has what alice has sent", "the acceptor");
  }
  void look() {
    if (is<check_replay>(s)) authenticated_at = w.here.now;
    if (is<need_ticket_key>(s) || is<check_replay>(s) || is<authenticated>(s)) return;
    over = true;
    lent.forget();
    if (const auto* no = std::get_if<refused>(&s)) {
      require(no->why.code != errc::ok && no->why.code != errc::api_misuse, "is no misuse, whatever came", "a refusal");
      require(x->peer() == nullptr && !std::move(*x).take(), "leaves nobody authenticated", "a refusal");
      require(no->octets.empty() || asn1::decode<msg::KrbError>(no->octets).has_value(), "is a KRB-ERROR", "a refusal");
      w.net.add(no->octets);
      return;
    }
    const auto* out = std::get_if<reply>(&s);
    require(out != nullptr || is<done>(s), "ends, whatever came", "the acceptor");
    if (out != nullptr) w.net.add(out->octets);
    const octet_list octets = out != nullptr ? copy(out->octets) : octet_list();
    const auto who = std::move(*x).take();
    require(who.has_value() && bytes_view(octets) == who->reply(), "has a product at its end", "the acceptor");
    request* const r = w.find(authenticator);
    if (r == nullptr || out == nullptr) return;
    const auto rep = must(asn1::decode<msg::ApRep>(octets));
    const auto part = must(asn1::decode<msg::EncApRepPart>(plain(rep.enc_part.cipher)));
    require(part.ctime == r->at.at && part.cusec == r->at.usec, "returns the client's time", "the acceptor");
    r->replied = true;
    if (part.subkey) r->acceptor_subkey = copy(part.subkey->keyvalue);
    r->acceptor_seq = part.seq_number;
    require(octets_of(who->keys().acceptor_subkey) == r->acceptor_subkey, "has the key that it sent", "the acceptor");
  }
  void move() {
    if (over) return;
    auto other = std::make_unique<ap_acceptor<policy>>(std::move(*x));
    require(failure(x->receive({}, w.env())) == errc::api_misuse && x->peer() == nullptr, "is empty after a move",
            "the acceptor");
    x = std::move(other);
  }

  world& w;
  moving_buffer buffer;
  lent_octets lent{};
  std::unique_ptr<ap_acceptor<policy>> x{};
  ap_acceptor<policy>::step s{done{}};
  std::optional<msg::ApReq> got{};
  octet_list authenticator{};
  timestamp authenticated_at{};
  bool started = false, over = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 400) return 0;
  const auto w = std::make_unique<world>(bytes_view(data, size), web);
  std::unique_ptr<client> clients[3];
  std::unique_ptr<acceptor> acceptors[3];
  script& in = w->in;
  const auto any = [&] { return w->net.any<msg::ApReq, msg::ApRep, msg::KrbError>(in); };
  for (int n = 0; !in.over() && n != 120; ++n) {
    const std::uint8_t move = in.next();
    auto& c = clients[move % 128 / 16 % 3];
    auto& a = acceptors[move % 128 / 16 % 3];
    const transport how = move >= 128 ? transport::stream : transport::datagram;
    switch (move % 16) {
      case 0:
      case 1: {
        const std::uint8_t kind = in.next();
        const ticket& t = w->ticket_number(kind & 3u);
        const std::size_t size_of_buffer = in.next() * 4u;
        if (w->has_ended(t)) break;
        c = std::make_unique<client>(*w, size_of_buffer, t, (kind & 4) == 0, (kind & 8) == 0);
        break;
      }
      case 2: a = std::make_unique<acceptor>(*w, in.next() * 8u); break;
      case 3:
      case 4:
      case 5:
        if (a) a->receive(any());
        break;
      case 6:
      case 7:
      case 8:
      case 9:
        if (a) a->go_on();
        break;
      case 10:
      case 11:
        if (c) c->receive(any(), how);
        break;
      case 12:
        if (c) (void)c->buffer.move(*c->x, in.next() * 8u);
        if (a) (void)a->buffer.move(*a->x, in.next() * 8u);
        break;
      case 13:
        if (c) c->move();
        break;
      case 14:
        if (a) a->move();
        break;
      default: w->here.now.at.seconds += (in.next() - 128) * 20; break;
    }
  }
  return 0;
}
