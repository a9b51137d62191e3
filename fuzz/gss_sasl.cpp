// SASL: an offer to a client, a choice to a server and frames of a session, as octets or as the content of a token that
// verifies. The first octet says which.
#include "require.hpp"
#include "support/sasl_world.hpp"

using namespace kerb;
using namespace kerb_test;
using kerb_fuzz::require;

namespace {

using gss::protection;
enum class shape : std::uint8_t { offer, choice, frames };

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 400) return 0;
  const bytes_view rest(data + 1, size - 1);
  const bool inside = (data[0] & 4) != 0;
  const protection how = (data[0] & 8) != 0 ? protection::confidentiality : protection::integrity;
  const sasl_layers layers = sasl_layers::of(static_cast<std::uint8_t>(data[0] >> 4));
  sasl_world w;
  switch (shape{static_cast<std::uint8_t>((data[0] & 3) % 3)}) {
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
  }
  return 0;
}
