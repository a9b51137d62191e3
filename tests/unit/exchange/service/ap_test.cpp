// The acceptor: every check of RFC 4120 section 3.2.3, with the attack that it refuses and what it lets pass.
#include <algorithm>
#include <vector>

#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

constexpr bool a_good_request_is_accepted() {
  ap_world w;
  const verdict v = w.present(w.mint());
  return v.accepted && v.why.ok() && !v.sent;
}
KERB_BOTH("ap_acceptor: a good request is accepted", "[exchange][rfc4120-3.2.3]", a_good_request_is_accepted);

constexpr bool another_realm_in_the_authenticator() {
  ap_world w;
  w.authenticator.crealm = "EVIL.ORG"_krb;
  return refused_with(w.present(w.mint()), errc::name_mismatch, "Authenticator", "crealm",
                      error_code_t::krb_ap_err_badmatch);
}
KERB_BOTH("ap_acceptor: an authenticator of another realm is refused", "[exchange][rfc4120-3.2.3]",
          another_realm_in_the_authenticator);

constexpr bool a_replay_is_refused() {
  ap_world w;
  return refused_with(w.present(w.mint(), false), errc::replayed, "Authenticator", "ctime",
                      error_code_t::krb_ap_err_repeat);
}
KERB_BOTH("ap_acceptor: a replay is refused", "[exchange][rfc4120-3.2.3]", a_replay_is_refused);

constexpr bool the_time_of_the_client_goes_back_in_its_octets() {
  ap_world w;
  w.authenticator.cusec = {0x12345, integer_form::four_octets};  // as sspi-rs writes it
  const bytes_view as_it_came = bytes_view(detail::stored_text<"\x02\x04\x00\x01\x23\x45">::octets);
  std::array<std::uint8_t, 4096> buffer{}, opened{};
  ap_acceptor<testing::insecure_policy> a(w.request_in(buffer));
  const key k = w.service_key(), session = w.session_key();
  auto step = a.receive(w.mint(), w.turn());
  if (is<need_ticket_key>(step)) step = a.provide(k, w.turn());
  if (is<check_replay>(step)) step = a.replay_checked(true, w.turn());
  if (is<authenticated>(step)) step = a.accept({}, w.turn());
  const auto* answer = std::get_if<reply>(&step);
  const auto rep = asn1::decode<msg::ApRep>(answer != nullptr ? answer->octets : bytes_view());
  if (!rep) return false;
  kerb::detail::workspace in(opened);
  const auto plain = open_sealed(w.policy, rep->enc_part, session, key_usage_t::ap_rep_enc_part, in);
  return plain && holds(bytes_view(*plain), as_it_came) &&
         (*asn1::decode<msg::EncApRepPart>(bytes_view(*plain))).cusec == microseconds{0x12345};
}
KERB_BOTH("ap_acceptor: the client's time goes back in the octets that it came in",
          "[exchange][tolerance][rfc4120-3.2.4]", the_time_of_the_client_goes_back_in_its_octets);

constexpr kerberos_string alice_alone[] = {"alice"_krb};
constexpr kerberos_string alice_longer[] = {"alice"_krb, "admin"_krb, ""_krb};
constexpr kerberos_string first_differs[] = {"alicf"_krb, "admin"_krb};
constexpr kerberos_string second_differs[] = {"alice"_krb, "admim"_krb};
constexpr kerberos_string swapped[] = {"admin"_krb, "alice"_krb};
constexpr kerberos_string glued[] = {"alice/admin"_krb};
constexpr kerberos_string other_case[] = {"Alice"_krb, "admin"_krb};
constexpr kerberos_string ftp_host[] = {"HTTP"_krb, "ftp.ex.org"_krb};
constexpr kerberos_string short_service[] = {"HTTP"_krb};
constexpr std::uint8_t here_octets[] = {10, 1, 2, 3}, there_octets[] = {10, 1, 2, 4}, six_octets[16] = {10, 1, 2, 3};
const msg::HostAddress here{addr_t::ipv4, here_octets};
const msg::HostAddress there{addr_t::ipv4, there_octets};
const msg::HostAddress only_there[] = {there}, both_places[] = {there, here},
                       other_type[] = {{addr_t::iso, here_octets}}, no_place_v6[] = {{addr_t::ipv6, six_octets}};

// Authorization data, RFC 4120 section 5.2.6
constexpr std::uint8_t some_octets[] = {0x30, 0x00};
constexpr msg::AuthorizationDataElement strange_list[] = {{ad_t::if_relevant, some_octets}, {ad_t(7777), some_octets}},
                                        relevant_list[] = {{ad_t::if_relevant, some_octets}};
constexpr msg::AuthorizationData strange_data{strange_list}, relevant_data{relevant_list};
constexpr ad_t strange_types[] = {ad_t(7777)};

struct attack {
  const char* name;
  void (*spoil)(ap_world&);
  errc why;
  const char* type;
  const char* field;
  error_code_t sent;
};
const attack attacks[] = {
    {"a ticket for another service", [](ap_world& w) { w.service = ftp; }, errc::wrong_service, "Ticket", "sname",
     error_code_t::krb_ap_err_not_us},
    {"a ticket for the same service on another host", [](ap_world& w) { w.service.name.name_string = ftp_host; },
     errc::wrong_service, "Ticket", "sname", error_code_t::krb_ap_err_not_us},
    {"a ticket for the first component alone", [](ap_world& w) { w.service.name.name_string = short_service; },
     errc::wrong_service, "Ticket", "sname", error_code_t::krb_ap_err_not_us},
    {"a ticket for the service of another realm", [](ap_world& w) { w.service.realm = "EX.ORF"_krb; },
     errc::wrong_service, "Ticket", "sname", error_code_t::krb_ap_err_not_us},
    {"a user-to-user ticket", [](ap_world& w) { w.options.set(ap_option_t::use_session_key); },
     errc::session_key_ticket, "AP-REQ", "ap-options", error_code_t::krb_ap_err_no_tgt},
    {"no mutual authentication where it is demanded",
     [](ap_world& w) {
       w.options = {};
       w.request.mutual = required;
     },
     errc::mutual_required, "AP-REQ", "ap-options", error_code_t::krb_ap_err_mut_fail},

    {"a session key of an encryption type that is not offered",
     [](ap_world& w) {
       w.ticket_key = msg::EncryptionKey{etype_t::rc4_hmac, bytes_view(session_octets).first(16)};
     },
     errc::unsupported_etype, "EncTicketPart", "key", error_code_t::kdc_err_etype_nosupp},
    {"a session key that is too short",
     [](ap_world& w) {
       w.ticket_key = msg::EncryptionKey{w.session_etype, bytes_view(session_octets).first(31)};
     },
     errc::bad_key_length, "EncTicketPart", "key", error_code_t::kdc_err_etype_nosupp},
    {"an authenticator under another key",
     [](ap_world& w) { w.sealed_by = key_as_sent(w.session_etype, other_octets); }, errc::integrity, "AP-REQ",
     "authenticator", error_code_t::krb_ap_err_bad_integrity},
    {"an authenticator under the same octets as a key of another type",
     [](ap_world& w) { w.sealed_by = key_as_sent(etype_t::aes256_cts_hmac_sha384_192, session_octets); },
     errc::integrity, "AP-REQ", "authenticator", error_code_t::krb_ap_err_bad_integrity},
    {"an authenticator made for a TGS-REQ", [](ap_world& w) { w.usage = key_usage_t::tgs_req_authenticator; },
     errc::integrity, "AP-REQ", "authenticator", error_code_t::krb_ap_err_bad_integrity},
    {"a subkey of an encryption type that is not offered",
     [](ap_world& w) {
       w.authenticator.subkey = msg::EncryptionKey{etype_t::rc4_hmac, bytes_view(subkey_octets).first(16)};
     },
     errc::unsupported_etype, "Authenticator", "subkey", error_code_t::kdc_err_etype_nosupp},
    {"a subkey that is too long",
     [](ap_world& w) {
       w.authenticator.subkey = msg::EncryptionKey{etype_t::aes128_cts_hmac_sha1_96, subkey_octets};
     },
     errc::bad_key_length, "Authenticator", "subkey", error_code_t::kdc_err_etype_nosupp},

    {"a client without its second component", [](ap_world& w) { w.authenticator.cname.name_string = alice_alone; },
     errc::name_mismatch, "Authenticator", "cname", error_code_t::krb_ap_err_badmatch},
    {"a client with an empty component more", [](ap_world& w) { w.authenticator.cname.name_string = alice_longer; },
     errc::name_mismatch, "Authenticator", "cname", error_code_t::krb_ap_err_badmatch},
    {"a client whose first component differs", [](ap_world& w) { w.authenticator.cname.name_string = first_differs; },
     errc::name_mismatch, "Authenticator", "cname", error_code_t::krb_ap_err_badmatch},
    {"a client whose second component differs", [](ap_world& w) { w.authenticator.cname.name_string = second_differs; },
     errc::name_mismatch, "Authenticator", "cname", error_code_t::krb_ap_err_badmatch},
    {"a client with its components the other way round",
     [](ap_world& w) { w.authenticator.cname.name_string = swapped; }, errc::name_mismatch, "Authenticator", "cname",
     error_code_t::krb_ap_err_badmatch},
    {"a client with two components written as one", [](ap_world& w) { w.authenticator.cname.name_string = glued; },
     errc::name_mismatch, "Authenticator", "cname", error_code_t::krb_ap_err_badmatch},
    {"a client in other letters", [](ap_world& w) { w.authenticator.cname.name_string = other_case; },
     errc::name_mismatch, "Authenticator", "cname", error_code_t::krb_ap_err_badmatch},
    {"a client without a name", [](ap_world& w) { w.authenticator.cname.name_string = {}; }, errc::name_mismatch,
     "Authenticator", "cname", error_code_t::krb_ap_err_badmatch},
    {"a client of another realm", [](ap_world& w) { w.authenticator.crealm = "EX.OR"_krb; }, errc::name_mismatch,
     "Authenticator", "crealm", error_code_t::krb_ap_err_badmatch},
    {"a ticket of another realm's client", [](ap_world& w) { w.ticket.crealm = "ex.org"_krb; }, errc::name_mismatch,
     "Authenticator", "crealm", error_code_t::krb_ap_err_badmatch},

    {"addresses, and the request came from another",
     [](ap_world& w) {
       w.ticket.caddr = only_there;
       w.request.peer_address = here;
     },
     errc::address_mismatch, "EncTicketPart", "caddr", error_code_t::krb_ap_err_badaddr},
    {"the same octets as an address of another type",
     [](ap_world& w) {
       w.ticket.caddr = other_type;
       w.request.peer_address = here;
     },
     errc::address_mismatch, "EncTicketPart", "caddr", error_code_t::krb_ap_err_badaddr},
    {"an address that only begins like the peer's",
     [](ap_world& w) {
       w.ticket.caddr = no_place_v6;
       w.request.peer_address = here;
     },
     errc::address_mismatch, "EncTicketPart", "caddr", error_code_t::krb_ap_err_badaddr},
    {"addresses, and nobody knows where the request came from", [](ap_world& w) { w.ticket.caddr = both_places; },
     errc::address_mismatch, "EncTicketPart", "caddr", error_code_t::krb_ap_err_badaddr},
    {"no addresses where they are demanded",
     [](ap_world& w) {
       w.request.demand_addresses = true;
       w.request.peer_address = here;
     },
     errc::address_mismatch, "EncTicketPart", "caddr", error_code_t::krb_ap_err_badaddr},
    {"an empty list of addresses where they are demanded",
     [](ap_world& w) {
       w.ticket.caddr = msg::HostAddresses{};
       w.request.demand_addresses = true;
       w.request.peer_address = here;
     },
     errc::address_mismatch, "EncTicketPart", "caddr", error_code_t::krb_ap_err_badaddr},

    {"a client of another realm whose path no KDC has checked",
     [](ap_world& w) { w.ticket.crealm = w.authenticator.crealm = "FAR.ORG"_krb; }, errc::path_not_checked,
     "EncTicketPart", "transited", error_code_t::krb_ap_path_not_accepted},
    {"authorization data in the ticket that nobody understands",
     [](ap_world& w) { w.ticket.authorization_data = strange_data; }, errc::critical_authdata, "EncTicketPart",
     "authorization-data", error_code_t::krb_err_generic},
    {"authorization data in the authenticator that nobody understands",
     [](ap_world& w) { w.authenticator.authorization_data = strange_data; }, errc::critical_authdata, "Authenticator",
     "authorization-data", error_code_t::krb_err_generic},

    {"an authenticator from 300 seconds and a microsecond ago",
     [](ap_world& w) { w.authenticator.ctime.seconds -= 300, w.authenticator.cusec.count -= 1; }, errc::clock_skew,
     "Authenticator", "ctime", error_code_t::krb_ap_err_skew},
    {"an authenticator from 300 seconds and a microsecond ahead",
     [](ap_world& w) { w.authenticator.ctime.seconds += 300, w.authenticator.cusec.count += 1; }, errc::clock_skew,
     "Authenticator", "ctime", error_code_t::krb_ap_err_skew},
    {"an invalid ticket", [](ap_world& w) { w.ticket.flags.set(ticket_flag_t::invalid); }, errc::ticket_not_yet_valid,
     "EncTicketPart", "flags", error_code_t::krb_ap_err_tkt_nyv},
    {"a ticket that starts in 301 seconds", [](ap_world& w) { w.ticket.starttime = kerberos_time{1767225901}; },
     errc::ticket_not_yet_valid, "EncTicketPart", "starttime", error_code_t::krb_ap_err_tkt_nyv},
    {"a ticket of an authentication that is 301 seconds ahead",
     [](ap_world& w) {
       w.ticket.starttime.reset();
       w.ticket.authtime = {1767225901};
     },
     errc::ticket_not_yet_valid, "EncTicketPart", "starttime", error_code_t::krb_ap_err_tkt_nyv},
    {"a ticket that ended 301 seconds ago", [](ap_world& w) { w.ticket.endtime = {1767225299}; }, errc::ticket_expired,
     "EncTicketPart", "endtime", error_code_t::krb_ap_err_tkt_expired},
};

// What the checks must let pass.
struct twin {
  const char* name;
  void (*vary)(ap_world&);
};
const twin twins[] = {
    {"nothing but the key says which service it is",
     [](ap_world& w) {
       w.service = ftp;
       w.request.service.reset();
       w.key_realm = ftp.realm;
     }},
    {"the service's name type differs", [](ap_world& w) { w.service.name.name_type = name_t::principal; }},
    {"mutual authentication is neither asked for nor demanded", [](ap_world& w) { w.options = {}; }},
    {"mutual authentication is demanded and asked for", [](ap_world& w) { w.request.mutual = required; }},
    {"the ticket names no key version", [](ap_world& w) { w.kvno.reset(); }},
    {"the session key is of the ticket key's type", [](ap_world& w) { w.session_etype = w.service_etype; }},
    {"the session key is an AES-128 key", [](ap_world& w) { w.session_etype = etype_t::aes128_cts_hmac_sha1_96; }},
    {"the authenticator brings a subkey",
     [](ap_world& w) { w.authenticator.subkey = key_as_sent(etype_t::aes128_cts_hmac_sha256_128, subkey_octets); }},
    {"the client's name type differs", [](ap_world& w) { w.authenticator.cname.name_type = name_t::unknown; }},
    {"the ticket's name type differs", [](ap_world& w) { w.ticket.cname.name_type = name_t::enterprise; }},
    {"the peer's address is the ticket's second",
     [](ap_world& w) {
       w.ticket.caddr = both_places;
       w.request.peer_address = here;
     }},
    {"addresses are demanded and fit",
     [](ap_world& w) {
       w.ticket.caddr = both_places;
       w.request.peer_address = there;
       w.request.demand_addresses = true;
     }},
    {"the ticket names no addresses", [](ap_world& w) { w.request.peer_address = here; }},
    {"the ticket's list of addresses is empty", [](ap_world& w) { w.ticket.caddr = msg::HostAddresses{}; }},
    {"a client is of another realm and a KDC has checked the path",
     [](ap_world& w) {
       w.ticket.crealm = w.authenticator.crealm = "FAR.ORG"_krb;
       w.ticket.flags.set(ticket_flag_t::transited_policy_checked);
     }},
    {"a client is of another realm and the caller looks at the path",
     [](ap_world& w) {
       w.ticket.crealm = w.authenticator.crealm = "FAR.ORG"_krb;
       w.request.trust_unchecked_path = true;
     }},
    {"authorization data is there if relevant only",
     [](ap_world& w) { w.ticket.authorization_data = w.authenticator.authorization_data = relevant_data; }},
    {"authorization data is one that the caller understands",
     [](ap_world& w) {
       w.ticket.authorization_data = w.authenticator.authorization_data = strange_data;
       w.request.understood = strange_types;
     }},
    {"the authenticator is from 300 seconds ago", [](ap_world& w) { w.authenticator.ctime.seconds -= 300; }},
    {"the authenticator is from 300 seconds ahead", [](ap_world& w) { w.authenticator.ctime.seconds += 300; }},
    {"the ticket starts in 300 seconds", [](ap_world& w) { w.ticket.starttime = kerberos_time{1767225900}; }},
    {"the ticket has a start and its authentication is ahead", [](ap_world& w) { w.ticket.authtime = {1767229999}; }},
    {"the authentication is 300 seconds ahead and there is no start",
     [](ap_world& w) {
       w.ticket.starttime.reset();
       w.ticket.authtime = {1767225900};
     }},
    {"the ticket ended 300 seconds ago", [](ap_world& w) { w.ticket.endtime = {1767225300}; }},
};

TEST_CASE("ap_acceptor: each attack is refused, typed, told to the client, and final", "[exchange][rfc4120-3.2.3]") {
  for (const attack& a : attacks) {
    ap_world w;
    a.spoil(w);
    const verdict v = w.present(w.mint());
    INFO(a.name << ": " << name_of(v.why.code) << " " << v.why.type << " " << v.why.field);
    CHECK(refused_with(v, a.why, a.type, a.field, a.sent));
  }
}

TEST_CASE("ap_acceptor: what no check forbids is accepted", "[exchange][rfc4120-3.2.3]") {
  for (const twin& t : twins) {
    ap_world w;
    t.vary(w);
    const verdict v = w.present(w.mint());
    INFO(t.name << ": " << name_of(v.why.code) << " " << v.why.type << " " << v.why.field);
    CHECK(v.accepted);
  }
}

TEST_CASE("ap_acceptor: the limits say how far clocks may differ", "[exchange][rfc4120-3.2.3]") {
  const auto presented = [](std::int32_t later_by_usec, std::int64_t skew) {
    ap_world w;
    w.authenticator.cusec.count += later_by_usec;
    environment t = w.turn();
    t.limits.clock_skew = skew;
    return w.present(w.mint(), t);
  };
  CHECK(presented(0, 0).accepted);
  CHECK(presented(1, 0).why.code == errc::clock_skew);
  CHECK(presented(-1, 0).why.code == errc::clock_skew);
  CHECK(presented(1, 1).accepted);
  CHECK(presented(0, -1).why.code == errc::clock_skew);

  // Ticket times obey the same limit
  const auto starting = [](std::int64_t in, std::int64_t skew) {
    ap_world w;
    w.ticket.starttime = kerberos_time{w.now.at.seconds + in};
    environment t = w.turn();
    t.limits.clock_skew = skew;
    return w.present(w.mint(), t);
  };
  CHECK(starting(10, 10).accepted);
  CHECK(starting(11, 10).why.code == errc::ticket_not_yet_valid);
  const auto ended = [](std::int64_t ago, std::int64_t skew) {
    ap_world w;
    w.ticket.endtime = kerberos_time{w.now.at.seconds - ago};
    environment t = w.turn();
    t.limits.clock_skew = skew;
    return w.present(w.mint(), t);
  };
  CHECK(ended(10, 10).accepted);
  CHECK(ended(11, 10).why.code == errc::ticket_expired);
}

// ---- octets that are no AP-REQ

struct raw {
  std::vector<std::uint8_t> octets;
  explicit raw(bytes_view v) : octets(v.begin(), v.end()) {}
  /// Where the n-th (from 1) occurrence of `pattern` begins.
  std::size_t find(std::initializer_list<std::uint8_t> pattern, int n = 1) const {
    auto at = octets.begin();
    for (;; ++at) {
      at = std::search(at, octets.end(), pattern.begin(), pattern.end());
      REQUIRE(at != octets.end());
      if (--n == 0) return static_cast<std::size_t>(at - octets.begin());
    }
  }
};

TEST_CASE("ap_acceptor: a version or message type that is not the RFC's is refused by name",
          "[exchange][rfc4120-3.2.3][rfc4120-5.5.1]") {
  ap_world w;
  const raw good(w.mint());
  const std::size_t pvno = good.find({0xa0, 3, 2, 1, 5, 0xa1, 3, 2, 1, 14}) + 4, msg_type = pvno + 5;
  const std::size_t tkt_vno = good.find({0xa0, 3, 2, 1, 5}, 2) + 4;
  for (int value = 0; value != 128; ++value) {
    for (const std::size_t at : {pvno, msg_type, tkt_vno}) {
      raw bad = good;
      bad.octets[at] = static_cast<std::uint8_t>(value);
      const verdict v = w.present(bad.octets);
      CHECK(v.accepted == (bad.octets == good.octets));
      if (v.accepted) continue;
      if (at == pvno)
        CHECK(refused_with(v, errc::wrong_constant, "AP-REQ", "pvno", error_code_t::krb_ap_err_badversion));
      if (at == msg_type)
        CHECK(refused_with(v, errc::wrong_constant, "AP-REQ", "msg-type", error_code_t::krb_ap_err_msg_type));
      if (at == tkt_vno)
        CHECK(refused_with(v, errc::wrong_constant, "Ticket", "tkt-vno", error_code_t::krb_ap_err_badversion));
    }
  }
}

TEST_CASE("ap_acceptor: another message is refused as of the wrong type", "[exchange][rfc4120-3.2.3]") {
  ap_world w;
  raw other(w.mint());
  for (int first = 0; first != 256; ++first) {
    if (first == 0x6e) continue;
    other.octets[0] = static_cast<std::uint8_t>(first);
    if (first == 0x6f || first == 0x7e) {  // an AP-REP or a KRB-ERROR: to answer an answer might go on for ever
      const verdict v = w.present(other.octets);
      CHECK((!v.accepted && v.over && is(v.why, errc::unexpected_message, "AP-REQ") && !v.sent));
      continue;
    }
    CHECK(refused_with(w.present(other.octets), errc::unexpected_message, "AP-REQ", "",
                       error_code_t::krb_ap_err_msg_type));
  }
  CHECK(
      refused_with(w.present(bytes_view()), errc::unexpected_message, "AP-REQ", "", error_code_t::krb_ap_err_msg_type));
}

TEST_CASE("ap_acceptor: every truncation of a request is refused, and so is a longer one", "[exchange]") {
  ap_world w;
  const raw good(w.mint());
  for (std::size_t n = 1; n != good.octets.size(); ++n) {
    const std::vector<std::uint8_t> part(good.octets.begin(), good.octets.begin() + static_cast<std::ptrdiff_t>(n));
    const verdict v = w.present(part);
    CHECK(refused_with(v, errc::truncated, "AP-REQ", "", error_code_t::krb_err_generic));
  }
  raw longer = good;
  longer.octets.push_back(0);
  CHECK(refused_with(w.present(longer.octets), errc::trailing_data, "AP-REQ", "", error_code_t::krb_err_generic));
}

TEST_CASE("ap_acceptor: a flipped bit is refused everywhere but in what the protocol leaves open", "[exchange]") {
  ap_world w;
  const raw good(w.mint());
  const auto req = asn1::decode<msg::ApReq>(good.octets);
  REQUIRE(req);
  const auto within = [&](std::size_t at, bytes_view v) {
    const std::uint8_t* const p = good.octets.data() + at;
    return p >= v.begin() && p < v.end();
  };
  // Nothing seals the options (which may be short, see der/rules.hpp), the hint in the service's name type, or the key
  // version
  const std::size_t options = good.find({0xa2, 7, 3, 5, 0}) + 5, name_type = good.find({0xa0, 3, 2, 1, 3}) + 4,
                    kvno = good.find({0xa1, 3, 2, 1, 3}) + 4;
  int flips = 0, let_pass = 0;
  for (std::size_t at = 0; at != good.octets.size(); ++at) {
    for (int bit = 0; bit != 8; ++bit, ++flips) {
      raw bad = good;
      bad.octets[at] = static_cast<std::uint8_t>(bad.octets[at] ^ 1 << bit);
      const verdict v = w.present(bad.octets);
      INFO("octet " << at << ", bit " << bit << ": " << name_of(v.why.code) << " " << v.why.type << " " << v.why.field);
      const bool open = (at == options - 1 && bit < 3) ||
                        (at >= options && at < options + 4 && !(at == options && bit == 6)) || at == name_type ||
                        at == kvno;
      CHECK(v.accepted == open);
      let_pass += v.accepted;
      if (!open) CHECK((v.over && (v.sent || at == 0)));
      if (within(at, req->ticket->enc_part.cipher))
        CHECK(refused_with(v, errc::integrity, "Ticket", "enc-part", error_code_t::krb_ap_err_bad_integrity));
      if (within(at, req->authenticator.cipher))
        CHECK(refused_with(v, errc::integrity, "AP-REQ", "authenticator", error_code_t::krb_ap_err_bad_integrity));
    }
  }
  CHECK(flips > 2000);
  CHECK(let_pass == 3 + 31 + 8 + 8);
}

// ---- sealed, and yet not what it should be

/// A request whose ticket or authenticator holds these octets, well sealed.
bytes_view sealed_anyway(ap_world& w, bytes_view part, bytes_view auth, std::span<std::uint8_t> ticket_to,
                         std::span<std::uint8_t> to) {
  const environment t = w.turn();
  errc why = errc::ok;
  const key service_key = w.service_key(), session_key = w.session_key();
  auto sealed_part = asn1::computed{[&](der::writer& out) {
    write_sealed(out, captured<msg::EncTicketPart>::as_sent(part), service_key, key_usage_t::ticket, t, why, w.kvno);
  }};
  const auto ticket =
      asn1::encode(msg::BasicTicket<decltype(sealed_part)>{w.service.realm, w.service.name, sealed_part}, ticket_to);
  auto sealed_auth = asn1::computed{[&](der::writer& out) {
    write_sealed(out, captured<msg::Authenticator>::as_sent(auth), session_key, w.usage, t, why);
  }};
  const auto req = asn1::encode(
      msg::BasicApReq<decltype(sealed_auth)>{w.options, captured<msg::Ticket>::as_sent(*ticket), sealed_auth}, to);
  REQUIRE(why == errc::ok);
  return *req;
}

TEST_CASE("ap_acceptor: what opens and does not decode is refused", "[exchange][rfc4120-3.2.3]") {
  ap_world w;
  w.ticket.key = key_as_sent(w.session_etype, session_octets);
  std::array<std::uint8_t, 1024> a{}, b{}, c{};
  std::array<std::uint8_t, 2048> d{};
  const raw part(kerb_test::must(asn1::encode(w.ticket, a))), auth(kerb_test::must(asn1::encode(w.authenticator, b)));
  REQUIRE(w.present(sealed_anyway(w, part.octets, auth.octets, c, d)).accepted);

  raw version = auth;
  version.octets[version.find({0xa0, 3, 2, 1, 5}) + 4] = 4;
  CHECK(refused_with(w.present(sealed_anyway(w, part.octets, version.octets, c, d)), errc::wrong_constant,
                     "Authenticator", "authenticator-vno", error_code_t::krb_ap_err_bad_integrity));
  for (const bool of_ticket : {true, false}) {
    raw longer = of_ticket ? part : auth;
    longer.octets.push_back(0);
    const verdict v = w.present(
        sealed_anyway(w, of_ticket ? longer.octets : part.octets, of_ticket ? auth.octets : longer.octets, c, d));
    CHECK(refused_with(v, errc::trailing_data, of_ticket ? "EncTicketPart" : "Authenticator", "",
                       error_code_t::krb_ap_err_bad_integrity));
    for (std::size_t n = 0; n != longer.octets.size() - 1; ++n) {
      raw cut = of_ticket ? part : auth;
      cut.octets.resize(n);
      const verdict u =
          w.present(sealed_anyway(w, of_ticket ? cut.octets : part.octets, of_ticket ? auth.octets : cut.octets, c, d));
      CHECK(!u.accepted);
      CHECK(u.over);
      CHECK((u.sent && u.sent->error_code == error_code_t::krb_ap_err_bad_integrity));
    }
  }
}

// ---- keys

struct asked {
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{};
  ap_acceptor<testing::insecure_policy> a;
  ap_acceptor<testing::insecure_policy>::step step;
  asked() : a(w.request_in(buffer)), step(a.receive(w.mint(), w.turn())) {}
  verdict closed() {
    verdict v;
    const auto* no = std::get_if<refused>(&step);
    REQUIRE(no != nullptr);
    v.why = no->why;
    if (const auto e = asn1::decode<msg::KrbError>(no->octets)) v.sent = *e;
    v.over = a.peer() == nullptr && failure(a.accept({}, w.turn())) == errc::api_misuse && !std::move(a).take();
    return v;
  }
};

TEST_CASE("ap_acceptor: asks for the key that the ticket names", "[exchange][rfc4120-3.2.3]") {
  asked x;
  const auto* ask = std::get_if<need_ticket_key>(&x.step);
  REQUIRE(ask != nullptr);
  CHECK(same_principal(ask->service, web));
  CHECK(ask->kvno == 3u);
  CHECK(ask->etype == x.w.service_etype);
  CHECK(ask->tried == 0);

  ap_world w;
  w.kvno.reset();
  std::array<std::uint8_t, 4096> buffer{};
  ap_acceptor<testing::insecure_policy> unversioned(w.request_in(buffer));
  const auto step = unversioned.receive(w.mint(), w.turn());
  REQUIRE(is<need_ticket_key>(step));
  CHECK(!std::get<need_ticket_key>(step).kvno);
}

TEST_CASE("ap_acceptor: no key, and no key of this version, are told apart", "[exchange][rfc4120-3.2.3]") {
  asked none;
  none.step = none.a.no_key(errc::no_key, none.w.turn());
  CHECK(refused_with(none.closed(), errc::no_key, "Ticket", "sname", error_code_t::krb_ap_err_nokey));
  asked version;
  version.step = version.a.no_key(errc::bad_key_version, version.w.turn());
  CHECK(
      refused_with(version.closed(), errc::bad_key_version, "Ticket", "enc-part", error_code_t::krb_ap_err_badkeyver));
  asked other;
  other.step = other.a.no_key(errc::crypto_backend, other.w.turn());
  CHECK(refused_with(other.closed(), errc::no_key, "Ticket", "sname", error_code_t::krb_ap_err_nokey));
  asked type;  // there are keys under that name, of other encryption types
  no_ticket_key some(errc::no_key);
  some.total = 2;
  type.step = type.a.no_key(some, type.w.turn());
  CHECK(std::get<refused>(type.step).why.detail == static_cast<std::uint32_t>(type.w.service_etype));
  CHECK(refused_with(type.closed(), errc::no_key, "Ticket", "enc-part", error_code_t::krb_ap_err_nokey));

  // For the log: what was asked for, and what there was
  asked known;
  REQUIRE(known.a.key_lookup());
  CHECK(known.a.key_lookup()->had.total == 0);
  no_ticket_key had(errc::bad_key_version);
  REQUIRE(had.had.push_back({7, etype_t::aes256_cts_hmac_sha384_192}));
  had.total = 1;
  known.step = known.a.no_key(had, known.w.turn());
  CHECK(known.closed().why.detail == 3);
  REQUIRE(known.a.key_lookup());
  CHECK(known.a.key_lookup()->ticket.kvno == 3u);
  CHECK(known.a.key_lookup()->ticket.etype == known.w.service_etype);
  CHECK(same_principal(known.a.key_lookup()->ticket.service, web));
  CHECK(known.a.key_lookup()->had.total == 1);
  CHECK(known.a.key_lookup()->had.had[0].kvno == 7);
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{};
  CHECK(!ap_acceptor<testing::insecure_policy>(w.request_in(buffer)).key_lookup());
}

TEST_CASE("ap_acceptor: the key that a ticket for a name without components needs is told too", "[exchange]") {
  ap_world w;
  w.service = {{name_t::principal, {}}, web.realm};
  w.request.service = std::optional<principal_view>{};
  std::array<std::uint8_t, 4096> buffer{};
  ap_acceptor<testing::insecure_policy> a(w.request_in(buffer));
  REQUIRE_FALSE(a.key_lookup());
  REQUIRE(kerb::is<need_ticket_key>(a.receive(w.mint(), w.turn())));
  REQUIRE(a.key_lookup());
  CHECK(a.key_lookup()->ticket.service.name.name_string.empty());
  CHECK(a.key_lookup()->ticket.kvno == 3u);
}

TEST_CASE("ap_acceptor: keys are tried until one opens the ticket", "[exchange][rfc4120-3.2.3]") {
  asked x;
  const environment t = x.w.turn();
  const key wrong = x.w.other_key(x.w.service_etype),
            wrong_type = x.w.import(key_as_sent(etype_t::aes256_cts_hmac_sha1_96, service_octets));
  x.step = x.a.provide(wrong, t);
  REQUIRE(is<need_ticket_key>(x.step));
  CHECK(std::get<need_ticket_key>(x.step).tried == 1);
  CHECK(!holds(x.buffer, alice_parts[0].octets));
  x.step = x.a.provide(wrong_type, t);  // the right octets as a key of another type
  REQUIRE(is<need_ticket_key>(x.step));
  CHECK(std::get<need_ticket_key>(x.step).tried == 2);
  CHECK(!holds(x.buffer, alice_parts[0].octets));
  const key right = x.w.service_key();
  x.step = x.a.provide(right, t);
  REQUIRE(is<check_replay>(x.step));
  CHECK(is<authenticated>(x.a.replay_checked(true, t)));

  asked y;
  y.step = y.a.provide(wrong, y.w.turn());
  y.step = y.a.no_key(errc::no_key, y.w.turn());
  CHECK(refused_with(y.closed(), errc::integrity, "Ticket", "enc-part", error_code_t::krb_ap_err_bad_integrity));
}

TEST_CASE("ap_acceptor: a prepared key does as well, for its own usage", "[exchange]") {
  asked x;
  const key k = x.w.service_key();
  const auto wrong = x.w.policy.prepare(k, key_usage_t::ap_req_authenticator);
  const auto right = x.w.policy.prepare(k, key_usage_t::ticket);
  REQUIRE((wrong && right));
  CHECK(is<need_ticket_key>(x.a.provide(*wrong, x.w.turn())));
  CHECK(is<check_replay>(x.a.provide(*right, x.w.turn())));
}

// ---- what it says

TEST_CASE("ap_acceptor: a KRB-ERROR comes from the service, whatever name the ticket has",
          "[exchange][rfc4120-5.9.1]") {
  constexpr principal_view two[] = {web, ftp};
  const auto sent_by = [](const principal_view& asked, std::optional<principal_view> own, view_of<principal_view> all,
                          const principal_view& wanted) {
    ap_world x;
    x.service = asked;
    x.request.service = own;
    x.request.services = all;
    x.options.set(ap_option_t::use_session_key);  // refused before its name is looked at
    std::array<std::uint8_t, 4096> buffer{};
    ap_acceptor<testing::insecure_policy> a(x.request_in(buffer));
    const auto step = a.receive(x.mint(), x.turn());
    const auto* no = std::get_if<refused>(&step);
    REQUIRE(no != nullptr);
    const auto e = asn1::decode<msg::KrbError>(no->octets);
    REQUIRE(e);
    return same_principal({e->sname, e->realm}, wanted);
  };
  const principal_view other{alice.name, "ELSE.ORG"_krb};
  CHECK(sent_by(other, web, {}, web));
  CHECK(sent_by(ftp, web, two, web));
  CHECK(sent_by(ftp, {}, two, ftp));
  CHECK(sent_by(other, {}, two, web));  // the first
  CHECK(sent_by(other, {}, {}, other));
}

namespace {
/// Without a digest.
struct no_digest : testing::insecure_policy {
  constexpr errc digest(view_of<bytes_view>, std::span<std::uint8_t, 32>) noexcept { return errc::crypto_backend; }
};
}  // namespace
TEST_CASE("ap_acceptor: where no digest can be made no client is asked for in the replay cache",
          "[exchange][rfc4120-3.2.3]") {
  basic_ap_world<no_digest> w;
  const verdict v = w.present(w.mint());
  CHECK_FALSE(v.accepted);
  CHECK(v.why.code == errc::crypto_backend);
}

TEST_CASE("ap_acceptor: a KRB-ERROR says whose it is, when, and repeats only a time that was proven",
          "[exchange][rfc4120-5.9.1]") {
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{};
  const auto error_of = [&](auto&& spoil) {
    ap_world x;
    spoil(x);
    ap_acceptor<testing::insecure_policy> a(x.request_in(buffer));
    auto step = a.receive(x.mint(), x.turn());
    const key k = x.service_key();
    if (is<need_ticket_key>(step)) step = a.provide(k, x.turn());
    const auto* no = std::get_if<refused>(&step);
    REQUIRE(no != nullptr);
    const auto e = asn1::decode<msg::KrbError>(no->octets);
    REQUIRE(e);
    CHECK(e->stime == x.now.at);
    CHECK(e->susec == x.now.usec);
    CHECK(!e->cname);
    CHECK(!e->e_text);
    CHECK(!e->e_data);
    CHECK(a.refusal() == no->octets);
    CHECK(a.framed().subview(4) == no->octets);
    // Judged here: its views lie in the acceptor's buffer
    CHECK(same_principal({e->sname, e->realm}, x.request.service ? *x.request.service : x.service));
    return std::pair(e->ctime, e->cusec);
  };
  const auto early = error_of([](ap_world& x) { x.options.set(ap_option_t::use_session_key); });
  CHECK((!early.first && !early.second));
  const auto forged = error_of([](ap_world& x) { x.sealed_by = key_as_sent(x.session_etype, other_octets); });
  CHECK((!forged.first && !forged.second));
  const auto proven = error_of([](ap_world& x) { x.authenticator.ctime.seconds += 1000; });
  CHECK(proven.first == kerberos_time{w.now.at.seconds + 1000});
  CHECK(proven.second == microseconds{500000});
  const auto unnamed = error_of([](ap_world& x) {
    x.request.service.reset();
    x.service = ftp;
    x.ticket.endtime = {1767220000};
  });
  CHECK((unnamed.first && unnamed.second));
}

TEST_CASE("ap_acceptor: the application may refuse whom it knows", "[exchange]") {
  asked x;
  const environment t = x.w.turn();
  const key k = x.w.service_key();
  x.step = x.a.provide(k, t);
  x.step = x.a.replay_checked(true, t);
  REQUIRE(is<authenticated>(x.step));
  REQUIRE(x.a.peer() != nullptr);
  CHECK(same_principal(x.a.peer()->client(), alice));
  x.step = x.a.refuse(error_code_t::kdc_err_policy, t);
  CHECK(refused_with(x.closed(), errc::refused_by_application, "", "", error_code_t::kdc_err_policy));
  CHECK(!holds(x.buffer, alice_parts[0].octets));
}

TEST_CASE("ap_acceptor: asks for a replay check with what tells authenticators apart", "[exchange][rfc4120-3.2.3]") {
  const auto ask = [](auto&& vary) {
    ap_world w;
    vary(w);
    std::array<std::uint8_t, 4096> buffer{};
    ap_acceptor<testing::insecure_policy> a(w.request_in(buffer));
    auto step = a.receive(w.mint(), w.turn());
    const key k = w.service_key();
    step = a.provide(k, w.service.realm, w.turn());
    REQUIRE(is<check_replay>(step));
    CHECK(a.peer() == nullptr);
    const check_replay& c = std::get<check_replay>(step);
    CHECK(same_principal(c.server, w.service));
    CHECK(same_principal(c.client, {w.ticket.cname, w.ticket.crealm}));
    CHECK(c.at == timestamp{w.authenticator.ctime, w.authenticator.cusec});
    // Until then, and not a second longer, within_skew lets the authenticator in
    CHECK(within_skew(c.at, {{c.forget_after.seconds - 1}, c.at.usec}, 300));
    CHECK(!within_skew(c.at, {c.forget_after, {0}}, 300));
    return c.digest;
  };
  const auto same = [](ap_world&) {};
  CHECK(ask(same) == ask(same));
  CHECK(ask(same) != ask([](ap_world& w) { w.authenticator.cusec.count += 1; }));
  CHECK(ask(same) != ask([](ap_world& w) { w.authenticator.seq_number = 1; }));
  CHECK(ask(same) != ask([](ap_world& w) {
          w.authenticator.cname.name_string = alice_alone;
          w.ticket.cname.name_string = alice_alone;
        }));
  // The ticket's clear name is anybody's to change
  const auto unnamed = [](ap_world& w) { w.request.service.reset(); };
  const auto renamed = [](ap_world& w) {
    w.request.service.reset();
    w.service = ftp;
  };
  CHECK(ask(unnamed) == ask(renamed));
}

constexpr bool answers_unasked() {
  ap_world w;
  w.options = {};
  for (const bool unasked : {false, true}) {
    std::array<std::uint8_t, 4096> buffer{};
    ap_acceptor<testing::insecure_policy> a(w.request_in(buffer));
    const auto env = w.turn();
    if (!is<need_ticket_key>(a.receive(w.mint(), env)) || !is<check_replay>(a.provide(w.service_key(), env)))
      return false;
    if (!is<authenticated>(a.replay_checked(true, env))) return false;
    accept_options o;
    o.unasked_reply = unasked;
    const auto last = a.accept(o, env);
    if (is<reply>(last) != unasked || is<done>(last) == unasked) return false;
    const auto client = std::move(a).take();
    if (!client || client->reply().empty() == unasked || client->keys().acceptor_seq.has_value() != unasked)
      return false;
  }
  return true;
}
KERB_BOTH("ap_acceptor: with unasked_reply, a client that did not request an AP-REP gets one", "[exchange][rfc3244-2]",
          answers_unasked);

}  // namespace

TEST_CASE("ap_acceptor: a source of keys that never ends is left after the limit", "[exchange]") {
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{};
  acceptor_params request = w.request;
  request.buffer = buffer;
  ap_acceptor<testing::insecure_policy> a(request);
  environment t = w.turn();
  t.limits.max_keys = 5;
  const auto wrong = w.other_key(w.service_etype);
  auto step = a.receive(w.mint(), t);
  int tried = 0;
  for (; is<need_ticket_key>(step) && tried != 100; ++tried) step = a.provide(wrong, t);
  CHECK(tried == 5);
  REQUIRE(is<refused>(step));
  CHECK(std::get<refused>(step).why.code == errc::integrity);
}

TEST_CASE("ap_acceptor: a store that answers when the authenticator may be forgotten has answered too late",
          "[exchange][rfc4120-3.2.3]") {
  for (const bool late : {false, true}) {
    ap_world w;
    std::array<std::uint8_t, 4096> buffer{};
    ap_acceptor<testing::insecure_policy> a(w.request_in(buffer));
    auto step = a.receive(w.mint(), w.turn());
    const auto k = w.service_key();
    step = a.provide(k, w.turn());
    REQUIRE(is<check_replay>(step));
    const kerberos_time forget_after = std::get<check_replay>(step).forget_after;
    step = a.replay_checked(true, w.turn({late ? forget_after : plus(forget_after, -1), {0}}));
    CHECK(is<authenticated>(step) != late);
    CHECK(is<refused>(step) == late);
    if (late) CHECK(is(std::get<refused>(step).why, errc::clock_skew, "Authenticator", "ctime"));
  }
}

TEST_CASE("ap_acceptor: one that was moved from gives no client", "[exchange]") {
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{};
  ap_acceptor<testing::insecure_policy> a(w.request_in(buffer));
  auto step = a.receive(w.mint(), w.turn());
  const auto k = w.service_key();
  step = a.provide(k, w.turn());
  step = a.replay_checked(true, w.turn());
  step = a.accept({}, w.turn());
  REQUIRE(is<reply>(step));
  ap_acceptor<testing::insecure_policy> b = std::move(a);
  CHECK(std::move(a).take().error().code == errc::api_misuse);
  CHECK(std::move(b).take());
}

TEST_CASE("ap_acceptor: one that was moved from refuses every call, and the other goes on", "[exchange]") {
  using acceptor = ap_acceptor<testing::insecure_policy>;
  // Moved in each state, and then called in each way
  for (int calls = 0; calls != 5; ++calls) {
    for (int how = 0; how != 7; ++how) {
      ap_world w;
      std::array<std::uint8_t, 4096> buffer{};
      acceptor a(w.request_in(buffer));
      const auto k = w.service_key();
      const bytes_view token = w.mint();
      const environment t = w.turn();
      const auto go_on = [&](acceptor& x, int from) {
        acceptor::step s = done{};
        if (from <= 0) s = x.receive(token, t);
        if (from <= 1) s = x.provide(k, t);
        if (from <= 2) s = x.replay_checked(true, t);
        if (from <= 3) s = x.accept({}, t);
        return s;
      };
      if (calls > 0) (void)a.receive(token, t);
      if (calls > 1) (void)a.provide(k, t);
      if (calls > 2) (void)a.replay_checked(true, t);
      if (calls > 3) (void)a.accept({}, t);
      acceptor b(w.request_in({}));
      b = std::move(a);
      INFO(calls << " calls, then call " << how);
      CHECK(a.peer() == nullptr);
      CHECK(!a.key_lookup());
      CHECK(a.refusal().empty());
      CHECK(a.framed().empty());
      if (how == 0) CHECK(failure(a.receive(token, t)) == errc::api_misuse);
      if (how == 1) CHECK(failure(a.provide(k, t)) == errc::api_misuse);
      if (how == 2) CHECK(failure(a.provide(k, web.realm, t)) == errc::api_misuse);
      if (how == 3) CHECK(failure(a.no_key(errc::no_key, t)) == errc::api_misuse);
      if (how == 4) CHECK(failure(a.replay_checked(true, t)) == errc::api_misuse);
      if (how == 5) CHECK(failure(a.accept({}, t)) == errc::api_misuse);
      if (how == 6) CHECK(failure(a.refuse(error_code_t::kdc_err_policy, t)) == errc::api_misuse);
      CHECK(std::move(a).take().error().code == errc::api_misuse);
      if (calls < 4) CHECK(is<reply>(go_on(b, calls)));
      const auto who = std::move(b).take();
      REQUIRE(who);
      CHECK(same_principal(who->client(), alice));
    }
  }
}

TEST_CASE("ap_acceptor: no other buffer is taken while there are views of the first", "[exchange]") {
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{}, other{};
  acceptor_params request = w.request;
  request.buffer = buffer;
  ap_acceptor<testing::insecure_policy> a(request);
  auto step = a.receive(w.mint(), w.turn());
  const auto k = w.service_key();
  step = a.provide(k, w.turn());
  REQUIRE(is<check_replay>(step));
  step = a.replay_checked(true, w.turn());
  REQUIRE(is<authenticated>(step));
  CHECK_FALSE(a.set_buffer(other));
  CHECK(same_principal(a.peer()->client(), {w.ticket.cname, w.ticket.crealm}));
}

// ---- the realm in clear

constexpr principal_view far_web{web.name, "FAR.ORG"_krb};
constexpr principal_view in_two_realms[] = {web, far_web};
constexpr std::uint8_t far_octets[] = {'F', 'A', 'R', '.', 'O', 'R', 'G'};

/// A client of FAR.ORG with a ticket of EX.ORG's KDC, who writes another realm into its clear part.
constexpr verdict relabelled(void (*vary)(ap_world&)) {
  ap_world w;
  w.ticket.crealm = w.authenticator.crealm = "FAR.ORG"_krb;
  w.service = far_web;
  w.request.service.reset();
  vary(w);
  return w.present(w.mint());
}
constexpr bool refused_path(const verdict& v) {
  return refused_with(v, errc::path_not_checked, "EncTicketPart", "transited", error_code_t::krb_ap_path_not_accepted);
}
KERB_BOTH("ap_acceptor: a client is of another realm by the key's realm, not by the ticket's clear one",
          "[exchange][rfc4120-2.7]", [] {
            return refused_path(relabelled([](ap_world& w) { w.key_realm = web.realm; })) &&
                   refused_path(relabelled([](ap_world&) {})) &&
                   refused_path(relabelled([](ap_world& w) { w.request.services = in_two_realms; })) &&
                   // the twins
                   relabelled([](ap_world& w) { w.key_realm = far_web.realm; }).accepted &&
                   relabelled([](ap_world& w) {
                     w.key_realm = web.realm;
                     w.ticket.flags.set(ticket_flag_t::transited_policy_checked);
                   }).accepted &&
                   relabelled([](ap_world& w) {
                     w.key_realm = web.realm;
                     w.request.paths = realm_path_policy{};
                   }).accepted &&
                   relabelled([](ap_world& w) { w.request.service = far_web; }).accepted;
          });
KERB_BOTH("ap_acceptor: a path is judged to the key's realm, and to none where that is not known",
          "[exchange][rfc4120-2.7]", [] {
            const auto through = [](std::optional<kerberos_string> realm, bool distrust) {
              ap_world w;
              w.ticket.crealm = w.authenticator.crealm = "A.FAR.ORG"_krb;
              w.service.realm = "B.FAR.ORG"_krb;  // between the two lies FAR.ORG
              w.ticket.transited.contents = far_octets;
              w.request.service.reset();
              w.request.paths = realm_path_policy{};
              w.request.distrust_kdc_paths = distrust;
              w.ticket.flags.set(ticket_flag_t::transited_policy_checked, distrust);
              w.key_realm = realm;
              return w.present(w.mint()).why.code;
            };
            for (const bool distrust : {false, true}) {
              if (through("B.FAR.ORG"_krb, distrust) != errc::ok ||
                  through("EX.NET"_krb, distrust) != errc::path_not_accepted ||
                  through({}, distrust) != errc::path_not_accepted)
                return false;
            }
            return true;
          });
KERB_BOTH("ap_acceptor: a client of the service's realm for whom others have vouched has a path",
          "[exchange][rfc4120-2.7][rfc4120-3.3.3.2]", [] {
            const auto local = [](bool checked, void (*vary)(acceptor_params&)) {
              ap_world w;
              w.ticket.transited.contents = far_octets;
              w.ticket.flags.set(ticket_flag_t::transited_policy_checked, checked);
              vary(w.request);
              return w.present(w.mint()).why.code;
            };
            constexpr auto plain = [](acceptor_params&) {};
            constexpr auto paths = [](acceptor_params& r) { r.paths = realm_path_policy{}; };
            constexpr auto distrusting = [](acceptor_params& r) {
              r.paths = realm_path_policy{};
              r.distrust_kdc_paths = true;
            };
            return local(false, plain) == errc::path_not_checked && local(true, plain) == errc::ok &&
                   local(false, paths) == errc::path_not_accepted && local(true, paths) == errc::ok &&
                   local(true, distrusting) == errc::path_not_accepted;
          });

TEST_CASE("ap_acceptor: the mutual flag of a context of GSS-API counts, not the option in clear",
          "[exchange][rfc4121-4.1.1.1]") {
  for (const bool flag : {false, true}) {
    for (const bool option : {false, true}) {
      for (const requirement demand : {if_asked, required}) {
        ap_world w;
        const std::array<std::uint8_t, 16> bnd{};
        std::array<std::uint8_t, 24> checksum{};
        const gss_flags flags = flag ? gss_flags{gss_flag_t::mutual} : gss_flags{gss_flag_t::integ};
        REQUIRE(write_gss_checksum({.bnd = bnd, .flags = flags, .deleg = {}, .exts = {}}, checksum));
        w.authenticator.cksum = msg::Checksum{cksum_t::gssapi, checksum};
        w.options = {};
        w.options.set(ap_option_t::mutual_required, option);
        std::array<std::uint8_t, 4096> buffer{};
        acceptor_params request = w.request_in(buffer);
        request.mutual = demand;
        ap_acceptor<testing::insecure_policy> a(request);
        auto step = a.receive(w.mint(), w.turn());
        const auto k = w.service_key();
        step = a.provide(k, w.turn());
        if (demand == required && !flag) {
          REQUIRE(is<refused>(step));
          CHECK(is(std::get<refused>(step).why, errc::mutual_required, "checksum 0x8003", "Flags"));
          CHECK((*asn1::decode<msg::KrbError>(a.refusal())).error_code == error_code_t::krb_ap_err_mut_fail);
          continue;
        }
        step = a.replay_checked(true, w.turn());
        step = a.accept({}, w.turn());
        CHECK(is<reply>(step) == flag);
        CHECK(is<done>(step) == !flag);
      }
    }
  }
}

TEST_CASE("ap_acceptor: the path and the authenticator's own restrictions can be read", "[exchange][rfc4120-2.7]") {
  ap_world w;
  w.ticket.transited.contents = bytes_view(some_octets);
  w.ticket.flags.set(ticket_flag_t::transited_policy_checked);
  const auto inside = "300f 300d a004 0202 0080 a105 0403 010203"_hex;
  const msg::AuthorizationDataElement elements[] = {{ad_t::if_relevant, inside}};
  w.authenticator.authorization_data = elements;
  std::array<std::uint8_t, 4096> buffer{};
  acceptor_params request = w.request;
  request.buffer = buffer;
  ap_acceptor<testing::insecure_policy> a(request);
  auto step = a.receive(w.mint(), w.turn());
  const auto k = w.service_key();
  step = a.provide(k, w.turn());
  step = a.replay_checked(true, w.turn());
  REQUIRE(is<authenticated>(step));
  CHECK(a.peer()->transited().contents == bytes_view(some_octets));
  const auto own = a.peer()->authorization().find(ad_t::win2k_pac);
  REQUIRE(own);
  CHECK(!own->from_ticket);
}
