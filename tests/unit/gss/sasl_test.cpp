// The SASL mechanism GSSAPI: both sides, and what each refuses of the other.
#include <algorithm>
#include <kerb/gss/sasl.hpp>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/sasl_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using gss::protection;
using gss::sasl_agreement;

constexpr gss_flags usual{gss_flag_t::mutual, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf,
                          gss_flag_t::integ};
constexpr gss_flags without(gss_flag_t f, gss_flags from = usual) {
  from.set(f, false);
  return from;
}

// ---- both sides

constexpr std::uint8_t bob[] = {'b', 0xc3, 0xb8, 'b'};

/// What both sides agree on, with these layers; nothing if one of them fails.
constexpr std::optional<sasl_agreement> agree(sasl_layers client, sasl_layers server, errc why = errc::ok) {
  sasl_world w;
  w.client_layers = client;
  w.server_layers = server;
  w.identity = bob;
  const auto c = w.credential();
  const auto p = w.connect(c);
  if (!p) return p.error().code == why ? std::optional<sasl_agreement>() : sasl_agreement{sasl_layer{9}, 9, 9};
  if (p->ours.layer() != p->theirs.layer()) return sasl_agreement{sasl_layer{9}, 9, 9};
  if (p->ours.agreed().own_size != p->theirs.agreed().peer_size) return sasl_agreement{sasl_layer{9}, 9, 9};
  if (p->ours.agreed().peer_size != p->theirs.agreed().own_size) return sasl_agreement{sasl_layer{9}, 9, 9};
  if (w.responses != 3) return sasl_agreement{sasl_layer{9}, 9, 9};
  return p->ours.agreed();
}
constexpr bool is(const std::optional<sasl_agreement>& a, sasl_layer l, std::uint32_t own, std::uint32_t peer) {
  return a && a->layer == l && a->own_size == own && a->peer_size == peer;
}

KERB_BOTH("sasl: both sides agree on the strongest layer that they have in common, and on its sizes",
          "[gss][rfc4752-3.1][rfc4752-3.2]", [] {
            using enum gss::sasl_layer;
            return is(agree(all_layers, all_layers), confidentiality, 65536, 4096) &&
                   is(agree({none, integrity}, all_layers), integrity, 65536, 4096) &&
                   is(agree(all_layers, {none, integrity}), integrity, 65536, 4096) &&
                   is(agree({none}, all_layers), none, 0, 0) && is(agree(all_layers, {none}), none, 0, 0) &&
                   is(agree({none, confidentiality}, {none, integrity}), none, 0, 0) &&
                   is(agree({confidentiality}, all_layers), confidentiality, 65536, 4096);
          })
KERB_BOTH("sasl: without a common layer the client fails", "[gss][rfc4752-3.1]", [] {
  using enum gss::sasl_layer;
  return !agree({confidentiality}, {none, integrity}, errc::no_common_layer) &&
         !agree({integrity}, {confidentiality}, errc::no_common_layer) &&
         !agree({none}, {integrity, confidentiality}, errc::no_common_layer);
})
KERB_BOTH("sasl: a client that only authenticates needs no answer of the service", "[gss][rfc4752-3.1]", [] {
  sasl_world w;
  w.flags = {};
  w.client_layers = {sasl_layer::none};
  w.options = {};
  const auto c = w.credential();
  const auto p = w.connect(c);
  return p && p->ours.layer() == sasl_layer::none && w.responses == 2 &&
         p->theirs.established().flags() == gss_flags{gss_flag_t::integ};
})
KERB_BOTH("sasl: a layer sets the flags that it needs", "[gss][rfc4752-3.1]", [] {
  sasl_world w;
  w.flags = {};
  const auto c = w.credential();
  w.client_layers = {sasl_layer::integrity};
  const auto one = must(w.connect(c));
  const gss_flags some = one.theirs.established().flags();
  w.client_layers = {sasl_layer::confidentiality};
  const auto two = must(w.connect(c));
  const gss_flags more = two.theirs.established().flags();
  return some == gss_flags{gss_flag_t::integ, gss_flag_t::mutual, gss_flag_t::sequence} &&
         more == gss_flags{gss_flag_t::integ, gss_flag_t::mutual, gss_flag_t::sequence, gss_flag_t::conf};
})
KERB_BOTH("sasl: a context in DCE style has a further token", "[gss][rfc4752-3.1]", [] {
  sasl_world w;
  w.flags.set(gss_flag_t::dce_style);
  const auto c = w.credential();
  const auto p = w.connect(c);
  return p && p->ours.layer() == sasl_layer::confidentiality && w.responses == 3;
})
KERB_BOTH("sasl: a client that may not act as the identity is refused", "[gss][rfc4752-3.2]", [] {
  sasl_world w;
  w.allowed = false;
  const auto c = w.credential();
  const auto p = w.connect(c);
  return !p && kerb_test::is(p.error(), errc::refused_by_application, "SASL choice", "identity");
})

// ---- what a server offers, and to whom

constexpr std::uint8_t offered(gss_flags flags, sasl_layers layers = all_layers) {
  sasl_world w;
  w.flags = flags;
  w.server_layers = layers;
  const auto c = w.credential();
  const auto s = w.server_at_choice(c);
  const bool size = s.offered[1] == 0 && s.offered[2] == 0x10 && s.offered[3] == 0;
  const bool no_size = s.offered[1] == 0 && s.offered[2] == 0 && s.offered[3] == 0;
  return (s.offered[0] & 6) != 0 ? (size ? s.offered[0] : 0xff) : no_size ? s.offered[0] : 0xff;
}
KERB_BOTH("sasl: a server offers what the context permits, and a size of 0 without a layer", "[gss][rfc4752-3.2]", [] {
  using enum gss_flag_t;
  return offered(usual) == 7 && offered(without(conf)) == 3 && offered(without(integ)) == 1 &&
         offered(without(sequence)) == 1 && offered({}) == 1 && offered(usual, {sasl_layer::none}) == 1 &&
         offered(usual, {sasl_layer::confidentiality}) == 4;
})
// Java's client requests confidentiality, replay and sequence detection, but no mutual authentication by default:
// OpenJDK's GssKrb5Client
KERB_BOTH("sasl: a server offers layers without mutual authentication, as Java's clients want it", "[gss]",
          [] { return offered(without(gss_flag_t::mutual)) == 7; })

constexpr bool turned_down(gss_flags flags, sasl_layers layers, std::uint32_t lacking) {
  sasl_world w;
  w.flags = flags;
  w.server_layers = layers;
  const auto c = w.credential();
  sasl_world::server s(w.server_params());
  sasl_world::initiator i(w.initiator_params(c));
  auto first = i.start(w.turn());
  const auto x = w.respond_to(s, sasl_world::must_be<send>(first).octets);
  const auto* no = std::get_if<refused>(&x);
  return no != nullptr && no->why.code == errc::flags_not_granted && no->why.detail == lacking && !no->octets.empty();
}
KERB_BOTH("sasl: a server that requires a layer refuses a context that permits none", "[gss][rfc4752-3.2]", [] {
  using enum gss_flag_t;
  using enum gss::sasl_layer;
  return turned_down(without(integ), {integrity}, 32) && turned_down(without(sequence), {integrity}, 8) &&
         turned_down(without(conf), {confidentiality}, 16) && turned_down({}, {integrity, confidentiality}, 32 + 8);
})

// ---- what a client refuses

struct offer_case {
  const char* name;
  bytes_view plain;
  errc code;
  const char* field;
  sasl_layers layers = all_layers;
};
constexpr std::uint8_t empty_offer[] = {0}, short_offer[] = {7, 0, 16}, long_offer[] = {7, 0, 16, 0, 0};
constexpr std::uint8_t no_layers[] = {0, 0, 0, 0}, unknown_only[] = {0xf8, 0, 16, 0}, no_size[] = {6, 0, 0, 0};
constexpr std::uint8_t small[] = {6, 0, 0, 20}, only_integrity[] = {3, 0, 16, 0};
constexpr offer_case bad_offers[] = {
    {"nothing", bytes_view(), errc::truncated, ""},
    {"one octet", empty_offer, errc::truncated, ""},
    {"three octets", short_offer, errc::truncated, ""},
    {"five octets", long_offer, errc::trailing_data, ""},
    {"no layer", no_layers, errc::no_common_layer, "layers"},
    {"layers of the future", unknown_only, errc::no_common_layer, "layers"},
    {"a size of 0", no_size, errc::no_common_layer, "layers"},
    {"a size below a token's overhead", small, errc::no_common_layer, "layers"},
    {"not the layer that is required", only_integrity, errc::no_common_layer, "layers", {sasl_layer::confidentiality}},
};
constexpr bool refuses_offer(const offer_case& o) {
  sasl_world w;
  w.client_layers = o.layers;
  const auto c = w.credential();
  auto p = w.client_at_offer(c);
  const auto s = p.ours.receive(w.token(p.theirs, o.plain), w.turn());
  const auto* f = std::get_if<failed>(&s);
  return f != nullptr && kerb_test::is(f->why, o.code, "SASL offer", o.field) && !std::move(p.ours).take();
}
KERB_BOTH("sasl_client: an offer that is malformed or has no acceptable layer fails", "[gss][rfc4752-3.1]", [] {
  for (const offer_case& o : bad_offers)
    if (!refuses_offer(o)) return false;
  return true;
})

/// The layer that a client chooses; nothing if it fails.
constexpr std::optional<sasl_agreement> chooses(const terms& offer, sasl_layers layers = all_layers,
                                                protection how = protection::integrity) {
  sasl_world w;
  w.client_layers = layers;
  w.identity = bob;
  const auto c = w.credential();
  auto p = w.client_at_offer(c);
  auto s = p.ours.receive(w.token(p.theirs, offer, how), w.turn());
  const auto* r = std::get_if<gss::respond>(&s);
  if (r == nullptr || r->then != afterwards::finished) return std::nullopt;
  std::array<std::uint8_t, 64> plain{};
  const auto got = must(p.theirs.unwrap(r->octets, plain, w.policy));
  const auto session = must(std::move(p.ours).take());
  const bytes_view m(got.message);
  const std::uint32_t own = session.agreed().own_size;
  const bool same = m.size() == 8 && m[0] == static_cast<std::uint8_t>(session.layer()) &&
                    (std::uint32_t{m[1]} << 16 | std::uint32_t{m[2]} << 8 | m[3]) == own &&
                    m.subview(4) == bytes_view(bob);
  if (!same || got.by != protection::integrity) return std::nullopt;
  return session.agreed();
}
KERB_BOTH("sasl_client: an offer that is much too long is not opened", "[gss]", [] {
  sasl_world w;
  constexpr std::uint8_t much[200] = {7};
  const auto c = w.credential();
  auto p = w.client_at_offer(c);
  const auto s = p.ours.receive(w.token(p.theirs, much), w.turn());
  return kerb_test::is(sasl_world::reason(s), errc::frame_too_long, "SASL offer");
})
KERB_BOTH("sasl_client: bits of an offer that are not understood are negotiated off", "[gss][rfc4752-3.3]", [] {
  return is(chooses({0xff, 4096}), sasl_layer::confidentiality, 65536, 4096) &&
         is(chooses({0xfb, 4096}), sasl_layer::integrity, 65536, 4096);
})
// OpenJDK's GssKrb5Server (Kafka, Hadoop) sends 65536 with the mask 1
KERB_BOTH("sasl_client: a server of Java sends a size without a layer, and it is ignored", "[gss][rfc4752-3.1]", [] {
  return is(chooses({1, 65536}), sasl_layer::none, 0, 0);
})
// Cyrus SASL 2.1.26 sends a size of 0 with layers: cyrusimap/cyrus-sasl#402
KERB_BOTH("sasl_client: a server that receives nothing in its layers gets none of them", "[gss][rfc4752-3.1]", [] {
  return is(chooses({7, 0}), sasl_layer::none, 0, 0) && is(chooses({7, 40}), sasl_layer::integrity, 65536, 40);
})
KERB_BOTH("sasl_client: the largest size that can be stated is taken", "[gss][rfc4752-3.1]", [] {
  return is(chooses({4, 0xffffff}), sasl_layer::confidentiality, 65536, 0xffffff);
})
// RFC 4752 has the sender use no confidentiality, and the receiver check nothing
KERB_BOTH("sasl_client: an encrypted offer is an offer", "[gss][rfc4752-3.1]", [] {
  return is(chooses({7, 4096}, all_layers, protection::confidentiality), sasl_layer::confidentiality, 65536, 4096);
})

// ---- what a server refuses

struct choice_case {
  const char* name;
  bytes_view plain;
  error why;
  gss_flags flags = usual;
  sasl_layers layers = all_layers;
};
constexpr std::uint8_t c_short[] = {4, 1, 0}, c_none[] = {0, 0, 0, 0}, c_two[] = {6, 1, 0, 0}, c_all[] = {7, 1, 0, 0},
                       c_future[] = {8, 1, 0, 0}, c_more[] = {0x84, 1, 0, 0}, c_conf[] = {4, 1, 0, 0},
                       c_integ[] = {2, 1, 0, 0}, c_plain[] = {1, 0, 0, 0}, c_small[] = {4, 0, 0, 20},
                       c_zero[] = {4, 0, 0, 0}, c_nul[] = {1, 0, 0, 0, 'b', 0},
                       c_latin[] = {1, 0, 0, 0, 'b', 0xf8, 'b'}, c_overlong[] = {1, 0, 0, 0, 0xc0, 0x80},
                       c_cut[] = {1, 0, 0, 0, 'b', 0xc3};
constexpr error bad_choice(errc c, const char* field, std::uint32_t offset = 0, std::uint32_t detail = 0) {
  return {.code = c, .offset = offset, .detail = detail, .type = "SASL choice", .field = field};
}
constexpr choice_case bad_choices[] = {
    {"nothing", bytes_view(), bad_choice(errc::truncated, "")},
    {"three octets", c_short, bad_choice(errc::truncated, "")},
    {"no layer at all", c_none, bad_choice(errc::no_common_layer, "layer")},
    {"two layers", c_two, bad_choice(errc::no_common_layer, "layer", 0, 6)},
    {"three layers", c_all, bad_choice(errc::no_common_layer, "layer", 0, 7)},
    {"a layer of the future", c_future, bad_choice(errc::no_common_layer, "layer", 0, 8)},
    {"a layer and one of the future", c_more, bad_choice(errc::no_common_layer, "layer", 0, 0x84)},
    {"one that the program does not want",
     c_conf,
     bad_choice(errc::no_common_layer, "layer", 0, 4),
     usual,
     {sasl_layer::none, sasl_layer::integrity}},
    {"none, where one is required",
     c_plain,
     bad_choice(errc::no_common_layer, "layer", 0, 1),
     usual,
     {sasl_layer::confidentiality}},
    {"confidentiality without GSS_C_CONF_FLAG", c_conf, bad_choice(errc::no_common_layer, "layer", 0, 4),
     without(gss_flag_t::conf)},
    {"integrity without GSS_C_INTEG_FLAG", c_integ, bad_choice(errc::no_common_layer, "layer", 0, 2),
     without(gss_flag_t::integ)},
    {"integrity without GSS_C_SEQUENCE_FLAG", c_integ, bad_choice(errc::no_common_layer, "layer", 0, 2),
     without(gss_flag_t::sequence)},
    {"a size of 0 with a layer", c_zero, {.code = errc::no_common_layer, .field = "size"}},
    {"a size below a token's overhead", c_small, {.code = errc::no_common_layer, .detail = 20, .field = "size"}},
    {"an identity with U+0000", c_nul, bad_choice(errc::bad_utf8, "identity", 5)},
    {"an identity in Latin-1", c_latin, bad_choice(errc::bad_utf8, "identity", 5)},
    {"an identity in an overlong form", c_overlong, bad_choice(errc::bad_utf8, "identity", 4)},
    {"an identity that is cut", c_cut, bad_choice(errc::bad_utf8, "identity", 5)},
};
constexpr bool refuses_choice(const choice_case& x) {
  sasl_world w;
  w.flags = x.flags;
  w.server_layers = x.layers;
  const auto c = w.credential();
  auto p = w.server_at_choice(c);
  const auto s = p.ours.receive(w.token(p.theirs, x.plain), w.turn());
  const auto* f = std::get_if<failed>(&s);
  return f != nullptr && kerb_test::is(f->why, x.why.code, x.why.type, x.why.field) && f->why.offset == x.why.offset &&
         f->why.detail == x.why.detail && p.ours.peer() == nullptr && !std::move(p.ours).take();
}
KERB_BOTH("sasl_server: a choice that is malformed, was not offered or has no valid identity fails",
          "[gss][rfc4752-3.2][rfc4422-3.4.1]", [] {
            for (const choice_case& x : bad_choices)
              if (!refuses_choice(x)) return false;
            return true;
          })
// A choice of layer 1 with another size than 0 comes from JDK 8, kafka-python and pure-sasl
KERB_BOTH("sasl_server: Java 8, kafka-python and pure-sasl send a size without a layer, and it is ignored",
          "[gss][rfc4752-3.1]", [] {
            for (const std::uint32_t size : {0u, 1u, 4096u, 65536u, 0xffffffu}) {
              sasl_world w;
              const auto c = w.credential();
              auto p = w.server_at_choice(c);
              auto s = p.ours.receive(w.token(p.theirs, {1, size}), w.turn());
              if (!is<gss::authorize_as>(s) || !is<done>(p.ours.allow(w.turn()))) return false;
              const auto session = must(std::move(p.ours).take());
              if (!is(session.agreed(), sasl_layer::none, 0, 0)) return false;
            }
            return true;
          })
KERB_BOTH("sasl_server: an encrypted choice is a choice", "[gss][rfc4752-3.2]", [] {
  sasl_world w;
  const auto c = w.credential();
  auto p = w.server_at_choice(c);
  auto s = p.ours.receive(w.token(p.theirs, {2, 4096}, protection::confidentiality), w.turn());
  return is<gss::authorize_as>(s) && is<done>(p.ours.allow(w.turn())) &&
         must(std::move(p.ours).take()).layer() == sasl_layer::integrity;
})
KERB_BOTH("sasl_server: an identity may have so many octets as the parameters say", "[gss]", [] {
  sasl_world w;
  w.max_identity = 200;
  std::array<std::uint8_t, 400> letters{};
  for (auto& l : letters) l = 'x';
  const auto c = w.credential();
  auto p = w.server_at_choice(c);
  auto q = w.server_at_choice(c);
  auto r = w.server_at_choice(c);
  auto s = p.ours.receive(w.token(p.theirs, {1, 0, bytes_view(letters).first(200)}), w.turn());
  const auto* a = std::get_if<gss::authorize_as>(&s);
  const auto one_more = r.ours.receive(w.token(r.theirs, {1, 0, bytes_view(letters).first(201)}), w.turn());
  const auto* g = std::get_if<failed>(&one_more);
  if (g == nullptr || !kerb_test::is(g->why, errc::token_too_long, "SASL choice", "identity")) return false;
  const auto t = q.ours.receive(w.token(q.theirs, {1, 0, letters}), w.turn());
  const auto* f = std::get_if<failed>(&t);
  return a != nullptr && a->identity == bytes_view(letters).first(200) && f != nullptr &&
         kerb_test::is(f->why, errc::frame_too_long, "SASL choice") && f->why.detail > 400;
})
KERB_BOTH("sasl_server: a response with octets where there must be none fails", "[gss][rfc4752-3.2]", [] {
  sasl_world w;
  const auto c = w.credential();
  sasl_world::server se(w.server_params());
  sasl_world::client cl(w.client_params(c));
  auto first = cl.start(w.turn());
  auto s = w.respond_to(se, sasl_world::must_be<gss::respond>(first).octets);
  if (!is<gss::challenge>(s)) return false;
  constexpr std::uint8_t one[] = {0};
  const auto t = se.receive(one, w.turn());
  const auto* f = std::get_if<failed>(&t);
  return f != nullptr && kerb_test::is(f->why, errc::trailing_data, "SASL response");
})

// ---- tokens of the negotiation

/// Why a side fails if it gets the second token of its peer's context first.
template <class Waiting>
constexpr error second_first(sasl_world& w, Waiting& p) {
  (void)w.token(p.theirs, terms{});
  return sasl_world::reason(p.ours.receive(w.token(p.theirs, terms{}), w.turn()));
}
KERB_BOTH("sasl: a token of the negotiation that is not the next one of its context fails", "[gss][rfc4752-1]", [] {
  sasl_world w;
  const auto c = w.credential();
  auto p = w.client_at_offer(c);
  auto q = w.server_at_choice(c);
  return kerb_test::is(second_first(w, p), errc::bad_order, "Wrap token", "SND_SEQ") &&
         kerb_test::is(second_first(w, q), errc::bad_order, "Wrap token", "SND_SEQ");
})

/// Whether an exchange fails on every change of a bit of a token, every truncation and an octet more.
template <class Make>
constexpr bool every_bit_counts(Make make) {
  sasl_world w;
  const auto c = w.credential();
  std::array<std::uint8_t, 128> octets{};
  auto good = make(w, c);
  const bytes_view t = w.token(good.theirs, {4, 4096});
  const std::size_t n = t.size();
  for (std::size_t i = 0; i != n; ++i) octets[i] = t[i];
  if (is<failed>(good.ours.receive(bytes_view(octets).first(n), w.turn()))) return false;
  const auto fails = [&](bytes_view changed) {
    auto p = make(w, c);
    return is<failed>(p.ours.receive(changed, w.turn()));
  };
  for (std::size_t cut = 0; cut != n; ++cut)
    if (!fails(bytes_view(octets).first(cut))) return false;
  if (!fails(bytes_view(octets).first(n + 1))) return false;
  for (std::size_t bit = 0; bit != 8 * n; ++bit) {
    octets[bit / 8] = static_cast<std::uint8_t>(octets[bit / 8] ^ (1u << bit % 8));
    // No checksum covers the rotation count; a full turn changes nothing
    const std::size_t rrc = std::size_t{octets[6]} << 8 | octets[7];
    if (!fails(bytes_view(octets).first(n)) && (rrc == 0 || rrc % (n - 16) != 0)) return false;
    octets[bit / 8] = static_cast<std::uint8_t>(octets[bit / 8] ^ (1u << bit % 8));
  }
  return true;
}
KERB_AT_RUN_TIME("sasl: every bit of an offer and of a choice counts", "[gss]", [] {
  return every_bit_counts([](sasl_world& w, const auto& c) { return w.client_at_offer(c); }) &&
         every_bit_counts([](sasl_world& w, const auto& c) { return w.server_at_choice(c); });
})

// ---- buffers, and mistakes of the program

KERB_BOTH("sasl_client: a buffer that is too small is told before anything is drawn or counted", "[gss]", [] {
  sasl_world w;
  w.identity = bob;
  const auto c = w.credential();
  auto p = w.client_at_offer(c);
  sasl_world v;  // the same with a buffer that grows octet by octet
  v.identity = bob;
  const auto d = v.credential();
  auto q = v.client_at_offer(d);
  const bytes_view offer = w.token(p.theirs, {7, 4096});
  const bytes_view same = v.token(q.theirs, {7, 4096});
  auto good = p.ours.receive(offer, w.turn());
  const std::size_t n = sasl_world::must_be<gss::respond>(good).octets.size();
  std::array<std::uint8_t, 256> buffer{};
  for (std::size_t room = 0; room != n + 4; ++room) {
    if (!q.ours.set_buffer(std::span(buffer).first(room))) return false;
    const auto s = q.ours.receive(same, v.turn());
    const auto* more = std::get_if<need_buffer>(&s);
    if (more == nullptr || more->size != n + 4) return false;
  }
  if (!q.ours.set_buffer(std::span(buffer).first(n + 4))) return false;
  auto s = q.ours.receive(same, v.turn());
  return sasl_world::must_be<gss::respond>(s).octets == sasl_world::must_be<gss::respond>(good).octets;
})
KERB_BOTH("sasl_client: a buffer may be replaced before each token", "[gss]", [] {
  sasl_world w;
  const auto c = w.credential();
  auto params = w.client_params(c);
  std::array<std::uint8_t, 2048> first{}, second{};
  params.gss.buffer = std::span(first).first(16);
  sasl_world::client cl(params);
  auto s = cl.start(w.turn());
  const std::size_t needed = sasl_world::must_be<need_buffer>(s).size;
  if (needed > first.size() || !cl.set_buffer(first)) return false;
  s = cl.start(w.turn());
  sasl_world::server se(w.server_params());
  auto x = w.respond_to(se, sasl_world::must_be<gss::respond>(s).octets);
  if (cl.set_buffer(std::span(second).first(8)) || !cl.set_buffer(second)) return false;
  s = cl.receive(sasl_world::must_be<gss::challenge>(x).octets, w.turn());
  x = se.receive(sasl_world::must_be<gss::respond>(s).octets, w.turn());
  s = cl.receive(sasl_world::must_be<gss::challenge>(x).octets, w.turn());
  return is<gss::authorize_as>(se.receive(sasl_world::must_be<gss::respond>(s).octets, w.turn()));
})
KERB_BOTH("sasl_server: a larger buffer continues after need_buffer", "[gss]", [] {
  sasl_world w;
  const auto c = w.credential();
  sasl_world::client cl(w.client_params(c));
  auto first = cl.start(w.turn());
  const bytes_view token = sasl_world::must_be<gss::respond>(first).octets;
  std::array<std::uint8_t, 4096> buffer{};
  auto params = w.server_params();
  for (const std::size_t room : {std::size_t{0}, std::size_t{8}, std::size_t{200}}) {
    params.gss.ap.buffer = std::span(buffer).first(room);
    sasl_world::server se(params);
    auto s = se.receive(token, w.turn());
    const auto* n = std::get_if<need_buffer>(&s);
    if (n == nullptr || n->size > buffer.size() || !se.set_buffer(std::span(buffer).first(n->size))) return false;
    s = w.respond_to(se, token);
    s = se.receive({}, w.turn());
    if (!is<gss::challenge>(s) || se.set_buffer(buffer)) return false;
  }
  return true;
})

constexpr error client_start(std::uint32_t size, sasl_layers layers, bytes_view identity) {
  sasl_world w;
  w.client_size = size;
  w.client_layers = layers;
  w.identity = identity;
  const auto c = w.credential();
  sasl_world::client cl(w.client_params(c));
  return sasl_world::reason(cl.start(w.turn()));
}
constexpr error server_start(std::uint32_t size, sasl_layers layers, std::size_t identity = 64) {
  sasl_world w;
  w.max_identity = identity;
  w.server_size = size;
  w.server_layers = layers;
  const auto c = w.credential();
  sasl_world::initiator i(w.initiator_params(c));
  auto first = i.start(w.turn());
  sasl_world::server se(w.server_params());
  const auto s = se.receive(sasl_world::must_be<send>(first).octets, w.turn());
  return is<need_ticket_key>(s) ? error{} : sasl_world::reason(s);
}
KERB_BOTH("sasl: layers, sizes and identities that nobody can state are misuse", "[gss]", [] {
  constexpr std::uint8_t latin[] = {'b', 0xf8, 'b'}, nul[] = {'b', 0};
  for (const std::uint32_t size : {0u, 255u, 0x1000000u, 0xffffffffu}) {
    if (!kerb_test::is(client_start(size, all_layers, {}), errc::api_misuse, "", "max_size")) return false;
    if (!kerb_test::is(server_start(size, all_layers), errc::api_misuse, "", "max_size")) return false;
  }
  return kerb_test::is(client_start(256, {}, {}), errc::api_misuse, "", "layers") &&
         kerb_test::is(server_start(256, {}), errc::api_misuse, "", "layers") &&
         kerb_test::is(client_start(256, all_layers, latin), errc::api_misuse, "", "identity") &&
         kerb_test::is(client_start(256, all_layers, nul), errc::api_misuse, "", "identity") &&
         server_start(256, all_layers).ok() && server_start(0xffffff, all_layers).ok();
})
KERB_BOTH("sasl_server: an identity that is longer than any token is misuse, and overflows no size", "[gss]", [] {
  constexpr std::size_t most = ~std::size_t{0};
  for (const std::size_t n : {std::size_t{gss::sasl_size_limit} + 1, most - 4096, most - 100, most - 90, most})
    if (!kerb_test::is(server_start(4096, all_layers, n), errc::api_misuse, "", "max_identity")) return false;
  sasl_world w;
  w.max_identity = gss::sasl_size_limit;
  const auto c = w.credential();
  sasl_world::initiator i(w.initiator_params(c));
  auto first = i.start(w.turn());
  sasl_world::server se(w.server_params());
  const auto s = se.receive(sasl_world::must_be<send>(first).octets, w.turn());
  return sasl_world::must_be<need_buffer>(s).size > gss::sasl_size_limit;
})
KERB_BOTH("sasl_client: a KRB-ERROR fails the exchange and can be read", "[gss]", [] {
  sasl_world w;
  const auto c = w.credential();
  sasl_world::client cl(w.client_params(c));
  auto first = cl.start(w.turn());
  sasl_world::acceptor a(w.acceptor_params());
  auto s = a.receive(sasl_world::must_be<gss::respond>(first).octets, w.turn());
  s = a.no_key(errc::no_key, w.turn());
  const auto t = cl.receive(sasl_world::must_be<refused>(s).octets, w.turn());
  return failure(t) == errc::peer_error && cl.peer_error() &&
         cl.peer_error()->error_code == error_code_t::krb_ap_err_nokey;
})
KERB_BOTH("sasl_server: the program may refuse a client before it offers anything", "[gss]", [] {
  sasl_world w;
  const auto c = w.credential();
  sasl_world::client cl(w.client_params(c));
  auto first = cl.start(w.turn());
  sasl_world::server se(w.server_params());
  const key k = w.service_key();
  auto s = se.receive(sasl_world::must_be<gss::respond>(first).octets, w.turn());
  s = se.provide(k, web.realm, w.turn());
  s = se.replay_checked(replay_verdict::fresh, w.turn());
  if (!is<authenticated>(s) || se.peer() == nullptr) return false;
  s = se.refuse(error_code_t::kdc_err_policy, w.turn());
  const auto* no = std::get_if<refused>(&s);
  return no != nullptr && !no->octets.empty() && se.peer() == nullptr && !std::move(se).take();
})
KERB_BOTH("sasl_server: a client that may not act as the identity has no session", "[gss][rfc4752-3.2]", [] {
  sasl_world w;
  const auto c = w.credential();
  auto p = w.server_at_choice(c);
  (void)p.ours.receive(w.token(p.theirs, {1, 0}), w.turn());
  const auto s = p.ours.deny(w.turn());
  const auto* no = std::get_if<refused>(&s);
  return no != nullptr && no->octets.empty() && p.ours.peer() == nullptr && !std::move(p.ours).take();
})
KERB_BOTH("sasl_server: the client can be seen until the session is taken", "[gss]", [] {
  sasl_world w;
  const auto c = w.credential();
  auto p = w.server_at_choice(c);
  const auto seen = [&] { return p.ours.peer() != nullptr && same_principal(p.ours.peer()->client(), alice); };
  if (!seen() || !is<gss::authorize_as>(p.ours.receive(w.token(p.theirs, {1, 0}), w.turn())) || !seen()) return false;
  if (!is<done>(p.ours.allow(w.turn())) || !seen()) return false;
  const auto s = must(std::move(p.ours).take());
  return same_principal(s.established().peer(), alice) && s.established().client() != nullptr &&
         p.ours.peer() == nullptr;
})

KERB_BOTH("sasl_server: a challenge is written into the buffer for the reply, whose size is told", "[gss]", [] {
  sasl_world w;
  const auto c = w.credential();
  sasl_world::client cl(w.client_params(c));
  auto first = cl.start(w.turn());
  sasl_world::server se(w.server_params());
  std::array<std::uint8_t, 600> out{};
  w.answer.reply = std::span(out).first(8);
  auto s = w.respond_to(se, sasl_world::must_be<gss::respond>(first).octets);
  const auto* n = std::get_if<need_buffer>(&s);
  if (n == nullptr || !n->for_reply || n->size > out.size()) return false;
  const std::size_t enough = n->size;
  accept_options larger;
  larger.reply = std::span(out).first(enough);
  s = se.accept(larger, w.turn());
  const bytes_view told = sasl_world::must_be<gss::challenge>(s).octets;
  if (told.data() + told.size() != out.data() + enough) return false;
  auto answer = cl.receive(told, w.turn());
  s = se.receive(sasl_world::must_be<gss::respond>(answer).octets, w.turn());
  return is<gss::challenge>(s);
})

// ---- one response in, one challenge out

TEST_CASE("accept: a server of SASL is run on each response, and the program decides about the identity",
          "[gss][rfc4752-3.2]") {
  for (const bool may_act : {true, false}) {
    sasl_world w;
    w.identity = bob;
    memory_replay_cache<64> seen;
    key_list<sasl_world::key, 1> keys;
    REQUIRE(keys.add(web, 3, w.service_etype, w.service_key()));
    const auto c = w.credential();
    sasl_world::client cl(w.client_params(c));
    sasl_world::server se(w.server_params());
    std::array<std::array<std::uint8_t, 2048>, 3> responses{};
    auto said = cl.start(w.turn());
    unsigned decisions = 0;
    result<gss::answered> r = errc::api_misuse;
    for (std::size_t n = 0; n != 3; ++n) {
      const bytes_view octets = sasl_world::must_be<gss::respond>(said).octets;
      std::copy(octets.begin(), octets.end(), responses[n].begin());
      r = gss::accept(se, bytes_view(responses[n]).first(octets.size()), w.policy, keys, seen, w.now,
                      [&](const gss::authorize_as& as) {
                        ++decisions;
                        return same_principal(as.client, alice) && as.identity == bytes_view(bob) && may_act;
                      });
      if (n == 2) break;
      REQUIRE(r);
      CHECK_FALSE(r->complete);
      CHECK(decisions == 0);
      said = cl.receive(r->token, w.turn());
    }
    CHECK(decisions == 1);
    CHECK(r.has_value() == may_act);
    if (may_act) CHECK((r->complete && r->token.empty()));
    else CHECK(kerb_test::is(r.error(), errc::refused_by_application, "SASL choice", "identity"));
    CHECK(std::move(se).take().has_value() == may_act);
  }
}
TEST_CASE("accept: a server of SASL reports what fails: a key, a buffer, a choice", "[gss][rfc4752-3.2]") {
  sasl_world w;
  const auto c = w.credential();
  memory_replay_cache<64> seen;
  key_list<sasl_world::key, 1> keys;
  const auto never = [](const gss::authorize_as&) { return false; };
  sasl_world::client cl(w.client_params(c));
  const auto said = cl.start(w.turn());
  const bytes_view first = sasl_world::must_be<gss::respond>(said).octets;
  sasl_world::server se(w.server_params());
  CHECK(gss::accept(se, first, w.policy, keys, seen, w.now, never).error().code == errc::no_key);
  REQUIRE(keys.add(web, 3, w.service_etype, w.service_key()));
  auto p = w.server_params();
  const auto buffer = p.gss.ap.buffer;
  p.gss.ap.buffer = {};
  sasl_world::server tight(p);
  CHECK(gss::accept(tight, first, w.policy, keys, seen, w.now, never).error().code == errc::no_space);
  std::size_t wanted = 0;
  const auto r = gss::accept(tight, first, w.policy, keys, seen, w.now, never, {}, {}, [&](std::size_t n) {
    wanted = n;
    return buffer;
  });
  REQUIRE(r);
  CHECK((wanted != 0 && wanted <= buffer.size() && !r->complete && !r->token.empty()));
  CHECK(gss::accept(tight, bytes_view(bob), w.policy, keys, seen, w.now, never).error().code == errc::trailing_data);
}

}  // namespace
