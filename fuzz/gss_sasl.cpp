// SASL: an offer to a client, a choice to a server, frames of a session and the first response of GS2, as octets or as
// the content of a token that verifies. The first octet says which.
#include "require.hpp"
#include "support/gs2_world.hpp"
#include "support/sasl_world.hpp"

using namespace kerb;
using namespace kerb_test;
using kerb_fuzz::require;

namespace {

using gss::protection;
enum class shape : std::uint8_t { offer, choice, frames, response };

std::uint32_t size_in(bytes_view m) {
  return static_cast<std::uint32_t>(m[1]) << 16 | static_cast<std::uint32_t>(m[2]) << 8 | m[3];
}
void offer(sasl_world& w, bytes_view rest, bool inside, protection how) {
  const auto c = w.credential();
  auto p = w.client_at_offer(c);
  const auto s = p.ours.receive(inside ? w.token(p.theirs, rest, how) : rest, w.turn());
  if (const auto* f = std::get_if<failed>(&s)) {
    require(f->why.code != errc::ok && f->why.code != errc::api_misuse, "is no misuse, whatever came", "a failure");
    require(!std::move(p.ours).take(), "leaves no session", "a failure");
    return;
  }
  require(inside, "accepts no token of another key", "a client");
  require(is<gss::respond>(s) && std::get<gss::respond>(s).then == afterwards::finished, "chooses", "a client");
  std::array<std::uint8_t, 64> plain{};
  const auto got = p.theirs.unwrap(std::get<gss::respond>(s).octets, plain, w.policy);
  const auto session = std::move(p.ours).take();
  require(got && session && got->message.size() == 4, "sends a choice that opens", "a client");
  const sasl_layer l = session->layer();
  require(rest.size() == 4 && (rest[0] & static_cast<std::uint8_t>(l)) != 0, "chooses what was offered", "a client");
  require(got->message[0] == static_cast<std::uint8_t>(l), "uses what it has chosen", "a client");
  require(size_in(got->message) == (l == sasl_layer::none ? 0 : w.client_size), "states its size", "a client");
  require(l == sasl_layer::none || session->wrap_size_limit() < size_in(rest), "respects the peer's size", "a client");
  require(session->wrap_size_limit() != 0, "can send", "a client");
}

void choice(sasl_world& w, bytes_view rest, bool inside, protection how) {
  const auto c = w.credential();
  auto p = w.server_at_choice(c);
  const auto s = p.ours.receive(inside ? w.token(p.theirs, rest, how) : rest, w.turn());
  if (const auto* f = std::get_if<failed>(&s)) {
    require(f->why.code != errc::ok && f->why.code != errc::api_misuse, "is no misuse, whatever came", "a failure");
    require(p.ours.peer() == nullptr && !std::move(p.ours).take(), "leaves nobody", "a failure");
    return;
  }
  require(inside, "accepts no token of another key", "a server");
  const auto* as = std::get_if<gss::authorize_as>(&s);
  require(as != nullptr && rest.size() >= 4, "asks before it is done", "a server");
  require(as->identity == rest.subview(4) && as->identity.size() <= w.max_identity + 96, "asks for what came",
          "a server");
  for (const std::uint8_t octet : as->identity) require(octet != 0, "passes no U+0000 on", "a server");
  require(rest[0] == 1 || rest[0] == 2 || rest[0] == 4, "accepts one layer", "a server");
  require((p.offered[0] & rest[0]) != 0, "accepts only what it has offered", "a server");
  require(is<done>(p.ours.allow(w.turn())), "is done when it is allowed", "a server");
  const auto session = std::move(p.ours).take();
  require(session && static_cast<std::uint8_t>(session->layer()) == rest[0], "has the chosen layer", "a server");
  require(session->wrap_size_limit() != 0, "can send", "a server");
  require(rest[0] != 1 || session->agreed().peer_size == 0, "ignores a size without a layer", "a server");
}

void frames(sasl_world& w, bytes_view rest, bool inside, sasl_layer l) {
  w.client_layers = {l};
  const auto c = w.credential();
  auto both = *w.connect(c);
  std::array<std::uint8_t, 2048> octets{}, honest{};
  std::size_t n = rest.size();
  if (inside) {  // an honest frame with one change: at the offset in the first two octets, by the third
    if (n < 3) return;
    const auto f = both.ours.wrap(rest.subview(3), honest, w.policy);
    require(f.has_value(), "makes a frame", "a session");
    n = f->size();
    if (n == 0) return;
    for (std::size_t i = 0; i != n; ++i) octets[i] = (*f)[i];
    const std::size_t at = (std::size_t{rest[0]} << 8 | rest[1]) % n;
    octets[at] ^= rest[2];
  } else {
    for (std::size_t i = 0; i != n; ++i) octets[i] = rest[i];
  }
  const auto got = both.theirs.unwrap_in_place(std::span(octets).first(n), w.policy);
  if (!got) {
    require(!both.theirs.ended().ok() && both.theirs.ended().code != errc::api_misuse, "says why", "an ended session");
    require(!both.theirs.unwrap_in_place(std::span(honest).first(n), w.policy), "opens nothing", "an ended session");
    require(!both.theirs.wrap(rest, octets, w.policy), "makes nothing", "an ended session");
    return;
  }
  require(both.theirs.ended().ok(), "goes on after a frame", "a session");
  if (l == sasl_layer::none) return;
  require(inside && bytes_view(*got) == rest.subview(3), "opens only what was sent", "a session");
}

/// A response as it came; or a header, and behind it a token that is bound to it and to the connection.
void response(gs2_world& w, bytes_view rest, bool inside) {
  const auto h = gss::read_gs2_header(rest);
  require(h || (h.error().code != errc::ok && h.error().offset <= rest.size()), "says where it is wrong", "a header");
  std::array<std::uint8_t, 1024> octets{}, plain{};
  bytes_view identity;
  if (h) {
    identity = bytes_view(plain).first(gss::detail::read_saslname(h->identity, plain));
    const std::optional<gss::gs2_channel> c(gss::gs2_channel{h->channel, {}});
    const std::size_t n = gss::detail::write_gs2_header(octets, h->flag, c, identity);
    require(n == h->octets.size() && n + 2u * h->frameless == h->size, "has one length", "a header");
    for (std::size_t i = 0; i != n; ++i)  // escapes have no case
      require((octets[i] | 0x20) == (h->octets[i] | 0x20), "is written as it was read", "a header");
  }
  gs2_world::server server(w.server_params());
  if (!inside) {
    const auto s = w.respond_to(server, rest);
    require(is<failed>(s) || is<refused>(s), "accepts no token of another key", "a server");
    require(server.peer() == nullptr && !std::move(server).take(), "leaves nobody", "a server that has refused");
    return;
  }
  if (!h || h->size != rest.size()) return;
  const auto* known = &both_channels[1];
  const bool names_it = h->flag == gss::gs2_flag::used && h->channel == known->type;
  std::size_t n = 0;
  for (const std::uint8_t octet : h->octets) octets[n++] = octet;
  if (names_it)
    for (const std::uint8_t octet : known->data) octets[n++] = octet;
  w.here = channel_bindings{.application_data = bytes_view(octets).first(n)};
  const auto c = w.credential();
  gs2_world::initiator i(w.initiator_params(c));
  const auto first = i.start(w.turn());
  const bytes_view token = (*read_krb5_token(std::get<send>(first).octets)).message;
  std::array<std::uint8_t, 4096> whole{};
  n = 0;
  for (const std::uint8_t octet : rest) whole[n++] = octet;
  whole[n++] = 1, whole[n++] = 0;
  for (const std::uint8_t octet : token) whole[n++] = octet;
  auto s = w.respond_to(server, bytes_view(whole).first(n));
  const bool may = !h->frameless && h->identity.size() <= w.max_identity &&
                   (h->flag == gss::gs2_flag::used ? names_it : h->flag == gss::gs2_flag::unsupported);
  require(is<gss::challenge>(s) == may, "accepts what is bound to its connection, and nothing else", "a server");
  if (!may) return;
  s = server.receive({}, w.turn());
  require(is<gss::authorize_as>(s) && std::get<gss::authorize_as>(s).identity == identity, "asks for what came",
          "a server");
  require(is<done>(server.allow(w.turn())), "is done when it is allowed", "a server");
  const auto established = std::move(server).take();
  require(established && established->channel_bound == names_it, "knows whether it is bound", "a server");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 400) return 0;
  const bytes_view rest(data + 1, size - 1);
  const bool inside = (data[0] & 4) != 0;
  const protection how = (data[0] & 8) != 0 ? protection::confidentiality : protection::integrity;
  const sasl_layers layers = sasl_layers::of(static_cast<std::uint8_t>(data[0] >> 4));
  sasl_world w;
  switch (shape{static_cast<std::uint8_t>(data[0] & 3)}) {
    case shape::offer:
      w.client_layers = layers.bits == 0 ? all_layers : layers;
      offer(w, rest, inside, how);
      break;
    case shape::choice:
      w.server_layers = layers.bits == 0 ? all_layers : layers;
      choice(w, rest, inside, how);
      break;
    case shape::frames:
      frames(w, rest, inside,
             layers.has(sasl_layer::confidentiality) ? sasl_layer::confidentiality
             : layers.has(sasl_layer::integrity)     ? sasl_layer::integrity
                                                     : sasl_layer::none);
      break;
    case shape::response: {
      gs2_world g;
      g.channels = both_channels;
      response(g, rest, inside);
    }
  }
  return 0;
}
