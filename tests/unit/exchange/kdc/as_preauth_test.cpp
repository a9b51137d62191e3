// Timestamps that prove something to the AS and those that do not, and the hints for a client that has none.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using f = ticket_flag_t;
using world = kerb_kdc_test::kdc_world;
constexpr etype_t only_17[] = {e17};

constexpr bool a_forbidden_type_proves_nothing() {
  world w;  // the client has a key of a type that policy allows, and signs with one of a type that it does not
  const key allowed = w.make(e17, 0xe1);
  const long_term_key<testing::insecure_policy> keys[] = {{.kvno = 1, .key = w.client.own},
                                                          {.kvno = 1, .key = allowed}};
  w.client.record.keys = keys;
  w.settings.reply_etypes = only_17;
  const bool refused = w.ask_as().is(error_code_t::kdc_err_preauth_failed);
  w.stamp_key = &allowed;
  const auto r = w.ask_as();
  return refused && !r.sent && r.reply_etype == e17;
}
KERB_BOTH("as_kdc: a timestamp under a key of a type that policy forbids proves nothing", "[exchange][rfc4120-3.1.3]",
          a_forbidden_type_proves_nothing);

constexpr bool an_old_password_proves_nothing() {
  world w;
  const key older = w.make(e20, 0xe1);
  const long_term_key<testing::insecure_policy> keys[] = {{.kvno = 2, .key = w.client.own}, {.kvno = 1, .key = older}};
  w.client.record.keys = keys;
  const bool newest = w.ask_as().issued;
  w.stamp_key = &older;
  return newest && w.ask_as().is(error_code_t::kdc_err_preauth_failed);
}
KERB_BOTH("as_kdc: a timestamp under an older key than the client's newest of that type proves nothing",
          "[exchange][rfc4120-5.2.7.2]", an_old_password_proves_nothing);

constexpr bool something_else_under_the_key_is_no_timestamp() {
  world w;
  std::array<std::uint8_t, 128> sealed{};
  errc why = errc::ok;
  auto other = asn1::computed{[&](der::writer& out) {
    write_sealed(out, msg::EncApRepPart{noon.at, noon.usec, {}, {}}, w.client.own, key_usage_t::as_req_enc_timestamp,
                 w.env_now(), why);
  }};
  w.stamp_octets = kerb_test::must(asn1::encode(other, sealed));
  return w.ask_as().is(error_code_t::kdc_err_preauth_failed);
}
KERB_BOTH("as_kdc: something else under the client's key is no timestamp", "[exchange][rfc4120-5.2.7.2]",
          something_else_under_the_key_is_no_timestamp);

// ---- hints

constexpr bool hints_say_how_the_key_is_made() {
  world w;
  w.with_timestamp = false;
  constexpr std::uint8_t params[] = {0, 0, 0x80, 0};
  w.client.keys[0]->s2kparams = params;
  const outcome r = w.ask_as();
  const auto m = method_data(r);
  const auto value = padata_of(m, padata_t::etype_info2);
  if (!value || !padata_of(m, padata_t::enc_timestamp) || padata_of(m, padata_t::etype_info) ||
      padata_of(m, padata_t::pw_salt)) {
    return false;
  }
  const auto info = asn1::decode_as<msg::EtypeInfo2>("ETYPE-INFO2", *value);
  if (!info || info->size() != 1) return false;
  const msg::EtypeInfo2Entry e = *info->begin();
  return e.etype == e20 && e.salt && *e.salt == "alices salt"_krb && e.s2kparams && *e.s2kparams == bytes_view(params);
}
KERB_BOTH("as_kdc: whoever has to pre-authenticate is told with which key, salt and parameters",
          "[exchange][rfc4120-5.2.7.5]", hints_say_how_the_key_is_made);

constexpr bool a_failed_timestamp_gets_the_same_hints() {
  world w;
  w.stamp_key = &w.user.own;
  return padata_of(method_data(w.ask_as()), padata_t::etype_info2).has_value();
}
KERB_BOTH("as_kdc: whoever failed to pre-authenticate is told again how", "[exchange][rfc4120-5.2.7.5]",
          a_failed_timestamp_gets_the_same_hints);

constexpr bool a_reply_has_the_hint_of_its_key_alone() {
  world w;
  const outcome r = w.ask_as();
  const auto value = padata_of(r.padata, padata_t::etype_info2);
  if (!value || !r.padata || r.padata->size() != 1) return false;
  const auto info = asn1::decode_as<msg::EtypeInfo2>("ETYPE-INFO2", *value);
  return info && info->size() == 1 && (*info->begin()).etype == e20;
}
KERB_BOTH("as_kdc: a reply says how its own key is made, and nothing of others", "[exchange][rfc4120-5.2.7.5]",
          a_reply_has_the_hint_of_its_key_alone);

/// The salt and the types in the hints of a refusal.
struct hinted {
  std::optional<kerberos_string> salt;
  std::size_t types = 0;
  bool unknown_type = false;
};
constexpr hinted hints_of(const outcome& r) {
  hinted h;
  if (!r.sent || !r.sent->e_data) return h;
  const auto padata = kerb_test::must(asn1::decode_as<msg::MethodData>("METHOD-DATA", *r.sent->e_data));
  for (const msg::PaData pa : padata) {
    if (pa.padata_type != padata_t::etype_info2) continue;
    const auto entries = kerb_test::must(asn1::decode_as<msg::EtypeInfo2>("ETYPE-INFO2", pa.padata_value));
    for (const msg::EtypeInfo2Entry e : entries) {
      h.salt = e.salt;
      ++h.types;
      h.unknown_type = h.unknown_type || e.etype == etype_t::des_cbc_md5;
    }
  }
  return h;
}
constexpr bool hints_have_the_salt_of_the_key() {
  for (const bool conceals : {false, true}) {
    world w;
    w.with_timestamp = false;
    w.settings.require_preauth = true;
    w.settings.conceal_unknown_clients = conceals;
    const outcome first = w.ask_as();
    const auto own = hints_of(first).salt;  // a view of the answer
    if (!own || !(*own == "alices salt")) return false;
    w.client.keys[0]->salt.reset();
    const outcome second = w.ask_as();
    const auto by_default = hints_of(second).salt;
    if (conceals ? !by_default || !(*by_default == "EX.ORGalice") : by_default.has_value()) return false;
  }
  return true;
}
KERB_BOTH("as_kdc: hints have the key's own salt, and the default one only where clients are concealed",
          "[exchange][rfc4120-5.2.7.5]", hints_have_the_salt_of_the_key);
KERB_BOTH("as_kdc: no hint names a type that the library does not have, also for a client that is concealed",
          "[exchange][rfc4120-3.1.3]", [] {
            world w;
            const etype_t types[] = {etype_t::des_cbc_md5, e20};
            w.with_timestamp = false;
            w.settings.conceal_unknown_clients = true;
            w.settings.reply_etypes = types;
            w.body.etype = view_of<etype_t>(types);
            w.client.there = false;
            const hinted h = hints_of(w.ask_as());
            return h.types == 1 && !h.unknown_type;
          });

KERB_BOTH("as_kdc: a timestamp of another time gets no hints, since its key was right", "[exchange][rfc4120-3.1.3]",
          [] {
            world w;
            w.stamp = timestamp{plus(noon.at, 301), noon.usec};
            const outcome late = w.ask_as();
            w.stamp.reset();
            w.stamp_key = &w.user.own;
            const outcome wrong = w.ask_as();
            return late.is(error_code_t::krb_ap_err_skew) && !late.sent->e_data &&
                   wrong.is(error_code_t::kdc_err_preauth_failed) && wrong.sent->e_data.has_value();
          });

// ---- several padata

/// The request with what follows as its padata, in that order.
constexpr outcome with_padata(world& w, view_of<msg::PaData> list) {
  w.with_timestamp = false;
  const auto req = asn1::decode<msg::AsReq>(w.as_req());
  std::array<std::uint8_t, 2048> made{};
  return w.ask(*asn1::encode(
      msg::AsReq{msg::MethodData{list}, captured<msg::KdcReqBody>::as_sent(req->req_body.octets())}, made));
}
constexpr bool the_first_timestamp_counts() {
  world w;
  std::array<std::uint8_t, 128> sealed{};
  errc why = errc::ok;
  auto stamp = asn1::computed{[&](der::writer& out) {
    write_sealed(out, msg::PaEncTsEnc{noon.at, noon.usec}, w.client.own, key_usage_t::as_req_enc_timestamp, w.env_now(),
                 why);
  }};
  const msg::PaData good{padata_t::enc_timestamp, *asn1::encode(stamp, sealed)}, bad{padata_t::enc_timestamp, {}};
  const msg::PaData good_first[] = {good, bad, {padata_t::req_enc_pa_rep, {}}}, bad_first[] = {bad, good};
  const outcome r = with_padata(w, good_first);
  return r.issued && r.ticket.flags.has(f::pre_authent) && r.ticket.flags.has(f::enc_pa_rep) &&
         with_padata(w, bad_first).is(error_code_t::kdc_err_preauth_failed);
}
KERB_BOTH("as_kdc: of several timestamps the first one counts, whatever else comes behind it is looked at",
          "[exchange][rfc4120-5.2.7.2]", the_first_timestamp_counts);

}  // namespace
