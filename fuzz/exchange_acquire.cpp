// credential_client with KDCs and a cache that answer anything, in any order. The first octet says what is asked for;
// each further one is a move: what the cache has, or what a KDC's answer says.
#include <kerb/exchange/client/acquire.hpp>

#include "require.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;
using kerb_fuzz::require;

namespace {

using client = credential_client<testing::insecure_policy>;
constexpr kerberos_string far_parts[] = {"krbtgt"_krb, "FAR.ORG"_krb};
constexpr kerberos_string far_org = "FAR.ORG"_krb;

struct moves {
  bytes_view left;
  unsigned made = 0;
  std::uint8_t operator()() {
    ++made;
    if (left.empty()) return 0;
    const std::uint8_t o = left[0];
    left = left.subview(1);
    return o;
  }
  bool over() const { return left.empty() || made > 400; }
};

msg::PrincipalName name_of_move(unsigned n) {
  switch (n % 6) {
    case 0: return web().name;
    case 1: return ftp().name;
    case 2: return krbtgt().name;
    case 3: return named(referral_parts).name;
    case 4: return named(far_parts).name;
    default: return alice().name;
  }
}
kerberos_string realm_of_move(unsigned n) { return n % 3 == 0 ? ex_org : n % 3 == 1 ? other_org : far_org; }

/// A reply that says what the moves say: mostly what was asked, bent in one or two places.
template <class Spec>
void bend(Spec& r, moves& next) {
  for (std::uint8_t how = next(); how != 0 && (how & 0x80) == 0; how = next()) {
    const std::uint8_t what = next();
    switch (how % 9) {
      case 0: r.part.sname = name_of_move(what); break;
      case 1: r.part.srealm = realm_of_move(what); break;
      case 2: r.client.realm = realm_of_move(what); break;
      case 3: r.client = what % 2 != 0 ? mallory() : alice(); break;
      case 4: r.part.flags = msg::TicketFlags::of(std::uint32_t{what} << 20); break;
      case 5: r.part.nonce = r.part.nonce + what; break;
      case 6: r.part.endtime = plus(noon.at, (what - 100) * 600); break;
      case 7: r.part.renew_till = plus(noon.at, what * 3600); break;
      default: r.part.key.keytype = etype_t{what}; break;
    }
  }
  r.ticket_service = {r.part.sname, r.part.srealm};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 600) return 0;
  kdc_world w;
  moves next{bytes_view(data, size)};
  const std::uint8_t asked = next();
  std::array<std::uint8_t, 6000> buffer{};
  credential_params<key> p{.client = alice(), .server = web(), .buffer = buffer, .key = w.client_key};
  const bool realm_given = (asked & 1) != 0;
  p.server.realm = !realm_given ? kerberos_string{} : (asked & 2) != 0 ? other_org : ex_org;
  if ((asked & 4) != 0) p.fallback_realm = far_org;
  p.follow_wrong_realm = (asked & 8) != 0;
  p.follow_kdc_clock = (asked & 16) != 0;
  p.renew_before = (asked & 32) != 0 ? 40000 : 0;
  if ((asked & 64) != 0) p.client.name.name_type = name_t::enterprise;
  client x(p);

  std::array<std::uint8_t, 1024> octets{};
  bool strange = false;  // the cache has offered something else than it was asked for
  unsigned requests = 0;
  client::step s = x.start(w.env_now());
  while (!is<done>(s) && !is<failed>(s) && !next.over()) {
    if (const auto* f = std::get_if<find_credential>(&s)) {
      const std::uint8_t has = next();
      ticket_facts facts;
      facts.client = f->client;
      facts.server = f->server;
      const basic_credential<key> tgt = w.tgt();
      facts.ticket = tgt.ticket();
      facts.flags = {ticket_flag_t::renewable};
      facts.authtime = facts.starttime = noon.at;
      facts.endtime = plus(noon.at, 36000);
      facts.renew_till = plus(noon.at, 86400);
      facts.client_renamed = kerb::has(f->kind, ticket_kind::renamed);
      if (has < 128) {
        s = x.not_found(w.env_now());
      } else {
        if (has % 8 == 1) facts.server.name = name_of_move(next());
        if (has % 8 == 2) facts.server.realm = realm_of_move(next());
        if (has % 8 == 3) facts.client = mallory();
        if (has % 8 == 4) facts.handed_over = true;
        strange |= !same_principal(facts.client, f->client) || !same_principal(facts.server, f->server) ||
                   kind_of(facts) != f->kind;
        s = x.found(basic_credential<key>(facts, w.session_key.copy()), w.env_now());
      }
    } else if (is<store_credential<key>>(s)) {
      s = x.stored(w.env_now());
    } else if (is<need_new_password>(s)) {
      s = x.password_changed(kdc_world::password, w.env_now());
    } else if (const auto* out = std::get_if<send>(&s)) {
      if (out->fresh && !out->octets.empty()) ++requests;
      require(requests <= 60, "asks a bounded number of times");
      const bytes_view request = out->octets;
      const std::uint8_t what = next();
      bytes_view answer;
      const auto how = (what & 64) != 0 ? transport::stream : transport::datagram;
      if (what % 8 < 4) {
        answer = request[0] == 0x6a ? w.as_rep(request, [&](auto& r) { bend(r, next); })
                                    : w.tgs_rep(request, [&](auto& r) { bend(r, next); });
      } else if (what % 8 < 6) {
        answer = w.error(error_code_t{next()});
      } else if (what % 8 == 6) {
        std::size_t n = next();
        for (std::size_t i = 0; i != n; ++i) octets[i] = next();
        answer = bytes_view(octets).first(n);
      }
      if (answer.size() > octets.size()) return 0;
      for (std::size_t i = 0; i != answer.size(); ++i) octets[i] = answer[i];
      s = x.receive(bytes_view(octets).first(answer.size()), w.env_now(), how);
      if (is<ignored>(s)) {
        require(how == transport::datagram, "passes nothing over on a stream");
        return 0;  // and waits
      }
    } else {
      return 0;  // a buffer for an answer of hostile size
    }
  }
  if (const auto* f = std::get_if<failed>(&s)) {
    require(f->why.code != errc::ok, "names a reason");
    require(f->why.code != errc::api_misuse || strange, "is no misuse, whatever KDCs say");
    require(std::move(x).take().error().code == errc::api_misuse, "has no product after a failure");
    return 0;
  }
  if (!is<done>(s)) return 0;
  require(!strange, "takes nothing from the cache that it has not asked for");
  const auto c = std::move(x).take();
  require(c.has_value(), "has a product after done");
  require(same_name(c->server().name, web().name), "is never done for another server");
  require(!realm_given || c->server().realm == p.server.realm, "is never done for another realm than the given one");
  require(!c->facts().is_referral, "takes no referral for a ticket");
  const bool renamed = !same_principal(c->client(), alice());
  require(!renamed || (has(kind_of(c->facts()), ticket_kind::renamed) &&
                       (p.client.name.name_type == name_t::enterprise || p.follow_wrong_realm)),
          "is never done for another client, unless the name was to be changed");
  require(!c->session_key().empty() && c->ticket().size() != 0, "has a key and a ticket");
  return 0;
}
