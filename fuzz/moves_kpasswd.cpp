// Both sides of a change of a password by a script of moves: up to three clients and three services at a time, on a
// network on which an adversary delivers what it likes. The adversary is a user with a ticket for the service. A
// password may be changed to what its owner has asked for, once; and a client may be done only after its own request
// was answered so.
#include <kerb/exchange/client/kpasswd.hpp>
#include <kerb/exchange/service/kpasswd.hpp>

#include <memory>

#include "moves_tickets.hpp"

using namespace kerb;
using namespace kerb_fuzz;

namespace {

constexpr principal_view changepw = kpasswd_service_name(alice.realm);

/// What an honest client has asked for, and what the service has answered.
struct request {
  octet_list authenticator, password;
  unsigned asked = 0;  ///< how often the service was asked to change the password
  std::optional<kpasswd_result_t> answer{};
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
  client(world& to, std::size_t size, const ticket& t, std::uint8_t letter) : w(to), with(t), buffer(size) {
    password.assign(letter % 32u + 1u, static_cast<std::uint8_t>('a' + w.requests.size() % 26));
    x = std::make_unique<kpasswd_client<policy>>(
        kpasswd_params<key>{.credential = t.credential,
                            .new_password = {password.data(), password.size()},
                            .buffer = buffer.get(),
                            .version = letter >= 128 ? kpasswd_frame::set_version : kpasswd_frame::change_version,
                            .times = w.times});
    const auto s = buffer.grow(*x, [&] { return x->start(w.env()); });
    require(is<send>(s), "starts", "the client");
    const bytes_view sent = std::get<send>(s).octets;
    w.net.add(sent);
    const auto ap = ap_req_in(sent);
    require(ap.has_value(), "sends an AP-REQ", "the client");
    w.requests.push_back({copy(ap->authenticator.cipher), password});
    own = &w.requests.back();
  }
  void receive(octet_list octets, transport how) {
    if (over) return;
    const bytes_view in = lent.add(std::move(octets));
    const auto s = buffer.grow(*x, [&] { return x->receive(in, w.env(), how); });
    if (is<ignored>(s)) return require(how == transport::datagram, "passes nothing over on a stream", "the client");
    over = true;
    const auto* no = std::get_if<password_refused>(&s);
    if (is<done>(s) || no != nullptr) {
      if (with.honest) {  // the adversary can answer requests that are sealed under its own key
        require(own->answer.has_value(), "believes its own service only", "the client");
        const auto code = no != nullptr ? no->code : kpasswd_result_t::success;
        require(*own->answer == code, "tells what the service has answered to this request", "the client");
      }
      require(std::move(*x).take().has_value() == is<done>(s), "has a product after a success", "the client");
      return;
    }
    const errc why = failure(s);
    require(why != errc::ok && why != errc::api_misuse, "is no misuse, whatever came", "the client");
    require(!std::move(*x).take() && failure(x->receive({}, w.env())) == why, "stays failed", "the client");
  }
  void move() {
    if (over) return;
    auto other = std::make_unique<kpasswd_client<policy>>(std::move(*x));
    require(failure(x->start(w.env())) == errc::api_misuse && !std::move(*x).take(), "is empty after a move",
            "the client");
    x = std::move(other);
  }

  world& w;
  const ticket& with;
  octet_list password{};
  moving_buffer buffer;
  lent_octets lent{};
  std::unique_ptr<kpasswd_client<policy>> x{};
  request* own = nullptr;
  bool over = false;
};

struct service {
  service(world& to, std::size_t size) : w(to), buffer(size) {
    kpasswd_service_params p{.ap = {.service = changepw, .buffer = buffer.get()}};
    if (size % 3 == 0) p.ap.arrived = transport::datagram;
    x = std::make_unique<kpasswd_service<policy>>(std::move(p));
  }
  void receive(octet_list octets) {
    if (started) return;
    started = true;
    const bytes_view in = lent.add(std::move(octets));
    got = ap_req_in(in);
    if (got) authenticator = copy(got->authenticator.cipher);
    s = buffer.grow(*x, [&] { return x->receive(in, w.env()); });
    look();
  }
  /// Answers one question. The move has the same length whatever the state: scripts stay in step.
  void go_on() {
    const std::size_t how = w.in.below(8);
    if (!started || over) return;
    if (is<need_ticket_key>(s)) {
      if (how == 7) s = x->no_key(errc::no_key, w.env());
      else s = x->provide(how == 6 ? w.ftp_key : w.own_key, w.env());
    } else if (const auto* replay = std::get_if<check_replay>(&s)) {
      s = x->replay_checked(w.seen.insert(replay->digest, replay->forget_after, w.here.now.at), w.env());
    } else if (const auto* ask = std::get_if<change_password>(&s)) {
      request* const r = asked(*ask);
      const kpasswd_result_t code = how % 2 == 0 ? kpasswd_result_t::success : kpasswd_result_t::softerror;
      s = x->answer(code, {}, w.env());
      require(is<reply>(s), "answers what was asked", "the service");
      if (r != nullptr) r->answer = code;
    }
    look();
  }
  request* asked(const change_password& ask) {
    require(got.has_value(), "asks about a request", "the service");
    const ticket* const t = w.ticket_of(got->ticket->enc_part.cipher);
    require(t != nullptr && t->for_service, "accepts tickets that the KDC has granted for this service", "the service");
    require(same_principal(ask.client, t->honest ? alice : mallory), "names the ticket's client", "the service");
    require(ask.is_own == same_principal(ask.client, ask.target), "tells whether it is the client's own",
            "the service");
    request* const r = w.find(got->authenticator.cipher);
    if (!t->honest) return r;
    require(r != nullptr && r->asked++ == 0, "asks about alice's own request, once", "the service");
    require(ask.is_own && ask.new_password.unguarded() == bytes_view(r->password), "asks about what alice has sealed",
            "the service");
    return r;
  }
  void look() {
    if (is<need_ticket_key>(s) || is<check_replay>(s) || is<change_password>(s)) return;
    over = true;
    lent.forget();
    const auto* no = std::get_if<refused>(&s);
    require(no != nullptr || is<reply>(s), "ends in a reply or a refusal", "the service");
    if (no != nullptr)
      require(no->why.code != errc::ok && no->why.code != errc::api_misuse, "is no misuse, whatever came", "a refusal");
    const bytes_view out = no != nullptr ? no->octets : std::get<reply>(s).octets;
    w.net.add(out);
    const auto frame = read_kpasswd_frame(out);
    if (no == nullptr || !frame || frame->ap.empty() || !got) return;
    request* const r = w.find(authenticator);  // a refusal that is sealed for the client
    if (r == nullptr || r->answer) return;
    const auto priv = must(asn1::decode<msg::KrbPriv>(frame->message));
    const auto part = must(asn1::decode<msg::EncKrbPrivPart>(plain(priv.enc_part.cipher)));
    r->answer = must(read_kpasswd_result(part.user_data)).code;
    require(*r->answer != kpasswd_result_t::success, "is no success", "a refusal");
  }

  world& w;
  moving_buffer buffer;
  lent_octets lent{};
  std::unique_ptr<kpasswd_service<policy>> x{};
  kpasswd_service<policy>::step s{refused{}};
  std::optional<msg::ApReq> got{};
  octet_list authenticator{};
  bool started = false, over = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 400) return 0;
  const auto w = std::make_unique<world>(bytes_view(data, size), changepw);
  std::unique_ptr<client> clients[3];
  std::unique_ptr<service> services[3];
  script& in = w->in;
  // The frame has no schema: it is changed octet by octet
  const auto any = [&] { return w->net.any<msg::KrbError>(in); };
  for (int n = 0; !in.over() && n != 120; ++n) {
    const std::uint8_t move = in.next();
    auto& c = clients[move % 128 / 16 % 3];
    auto& s = services[move % 128 / 16 % 3];
    const transport how = move >= 128 ? transport::stream : transport::datagram;
    switch (move % 16) {
      case 0:
      case 1: {
        const ticket& t = w->ticket_number(in.below(2) * 2);
        const std::size_t size_of_buffer = in.next() * 8u;
        const std::uint8_t letter = in.next();
        if (w->has_ended(t)) break;
        c = std::make_unique<client>(*w, size_of_buffer, t, letter);
        break;
      }
      case 2: s = std::make_unique<service>(*w, in.next() * 16u); break;
      case 3:
      case 4:
      case 5:
        if (s) s->receive(any());
        break;
      case 6:
      case 7:
      case 8:
      case 9:
        if (s) s->go_on();
        break;
      case 10:
      case 11:
      case 12:
        if (c) c->receive(any(), how);
        break;
      case 13:
        if (c) c->move();
        break;
      case 14:
        if (c) (void)c->buffer.move(*c->x, in.next() * 8u);
        if (s) (void)s->buffer.move(*s->x, in.next() * 16u);
        break;
      default: w->here.now.at.seconds += (in.next() - 128) * 20; break;
    }
  }
  return 0;
}
