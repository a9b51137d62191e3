// Both roles of SPNEGO with tokens of any kind, past the crypto wall: the policy hides nothing and its seals can be
// made by the fuzzer. The first octet says which role is tried and what it begins with; then come tokens, each with
// its length in two octets.
#include "require.hpp"
#include "support/negotiate_world.hpp"

using namespace kerb;
using namespace kerb_test;
using kerb_fuzz::require;

namespace {

constexpr object_identifier toy_first[] = {toy_oid, msg::mech_krb5};
constexpr object_identifier krb5_first[] = {msg::mech_krb5, toy_oid};
constexpr gss_flags one_way{gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf};
constexpr gss_flags dce{gss_flag_t::dce_style, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf};

/// The next token of the input.
bytes_view next(bytes_view& in) {
  if (in.size() < 2) return {};
  const std::size_t wanted = static_cast<std::size_t>(in[0] << 8 | in[1]), there = in.size() - 2;
  const std::size_t n = wanted < there ? wanted : there;
  const bytes_view token = in.subview(2, n);
  in = in.subview(2 + n);
  return token;
}
void prepare(negotiate_world& w, std::uint8_t how) {
  w.offers = w.accepts =
      (how & 2) != 0 ? view_of<object_identifier>(toy_first) : view_of<object_identifier>(krb5_first);
  if ((how & 4) != 0) w.accepts = gss::only_krb5;
  if ((how & 8) != 0) w.by = gss::preference::own;
  if ((how & 16) != 0) w.flags = (how & 32) != 0 ? dce : one_way;
  w.our_toy.tokens = w.their_toy.tokens = (how & 64) != 0 ? 3 : 2;
}
bool is_peers(const error& e) { return e.code != errc::ok && e.code != errc::api_misuse && e.code != errc::no_space; }

void accept_all(negotiate_world& w, bytes_view in) {
  negotiate_world::acceptor a(w.acceptor_params());
  for (int n = 0; n != 8; ++n) {
    const auto s = w.take(a, next(in));
    if (is<gss::continue_with>(s)) continue;
    if (const auto* no = std::get_if<refused>(&s)) {
      require(is_peers(no->why), "is no misuse, whatever came", "a refusal");
      require(a.peer() == nullptr && !std::move(a).take(), "leaves nobody authenticated", "a refusal");
      require(!holds(w.acceptor_buffer, alice_parts[1].octets), "leaves nothing that was opened", "a refusal");
      return;
    }
    if (const auto* f = std::get_if<failed>(&s)) {
      require(is_peers(f->why), "is no misuse, whatever came", "a failure");
      require(!std::move(a).take(), "has no product", "a failure");
      return;
    }
    require(is<reply>(s) || is<done>(s), "ends, whatever came", "the acceptor");
    require(std::move(a).take().has_value(), "has a product at the end", "the acceptor");
    return;
  }
}
void initiate(negotiate_world& w, bytes_view in) {
  const auto c = w.credential();
  negotiate_world::initiator i(w.initiator_params(c));
  auto s = w.ask_toy(i, w.our_toy, i.start(w.turn()));
  for (int n = 0; n != 8; ++n) {
    const auto* out = std::get_if<send>(&s);
    if (is<done>(s) || (out != nullptr && out->then == afterwards::finished)) {
      const auto p = std::move(i).take();
      require(p.has_value(), "has a product at the end", "the initiator");
      require(p->list_verified || p->mech == *w.offers.begin() || !w.our_toy.integrity,
              "ends with another mechanism than the first by a MIC only", "the initiator");
      return;
    }
    if (const auto* f = std::get_if<failed>(&s)) {
      require(is_peers(f->why), "is no misuse, whatever came", "a failure");
      require(!std::move(i).take(), "has no product", "a failure");
      return;
    }
    require(out != nullptr && !out->octets.empty(), "sends or ends", "the initiator");
    s = w.ask_toy(i, w.our_toy, i.receive(next(in), w.turn()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 6000) return 0;
  negotiate_world w;
  prepare(w, data[0]);
  const bytes_view in(data + 1, size - 1);
  if ((data[0] & 1) != 0) initiate(w, in);
  else accept_all(w, in);
  return 0;
}
