// Padata of a TGS request that ask for somebody else's ticket, in the open and under FAST.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using world = kerb_kdc_test::kdc_world;
using o = kdc_option_t;
constexpr std::uint8_t some_octets[] = {0x30, 0x00}, one_octet[] = {7};
constexpr padata_t for_others[] = {padata_t::for_user, padata_t::for_x509_user};

constexpr bool a_request_for_somebody_else_is_refused() {
  for (const padata_t type : for_others) {
    for (const bool canonicalize : {false, true}) {
      world w;
      const msg::PaData pa[] = {{type, some_octets}};
      w.more_padata = pa;
      w.body.kdc_options.set(o::canonicalize, canonicalize);
      if (!w.ask_tgs().is(error_code_t::kdc_err_padata_type_nosupp, errc::impersonation_not_supported, "TGS-REQ",
                          "padata") ||
          w.asked != 0) {
        return false;
      }
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: a service that asks for a user's ticket does not get its own", "[exchange][ms-sfu]",
          a_request_for_somebody_else_is_refused);

constexpr bool it_is_refused_behind_the_ticket_too() {
  for (const padata_t type : for_others) {
    world w;
    const bytes_view request = w.tgs_req();
    const auto req = asn1::decode<msg::TgsReq>(request);
    fixed<msg::PaData, 4> list;
    for (const msg::PaData p : *req->padata)
      if (!list.push_back(p)) return false;
    if (!list.push_back({type, some_octets})) return false;
    std::array<std::uint8_t, 4096> again{};
    const outcome r = w.ask(*asn1::encode(msg::TgsReq{msg::MethodData(view_of<msg::PaData>(list)),
                                                      captured<msg::KdcReqBody>::as_sent(req->req_body.octets())},
                                          again));
    if (!r.is(error_code_t::kdc_err_padata_type_nosupp) || w.asked != 0) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: a user's name behind the ticket is seen as well", "[exchange][ms-sfu]",
          it_is_refused_behind_the_ticket_too);

constexpr bool a_request_for_somebody_else_is_seen_under_fast() {
  for (const padata_t type : for_others) {
    world w;
    w.with_subkey = true;
    const msg::PaData pa[] = {{padata_t::pac_options, some_octets}, {type, some_octets}};
    w.armored = msg::MethodData(view_of<msg::PaData>(pa));
    if (!w.ask_tgs().is(error_code_t::kdc_err_padata_type_nosupp, errc::impersonation_not_supported, "KrbFastReq",
                        "padata"))
      return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: a service that asks for a user's ticket under FAST does not get its own",
          "[exchange][rfc6113-5.4.2][ms-sfu]", a_request_for_somebody_else_is_seen_under_fast);

constexpr bool fast_is_opened_once() {
  for (const std::size_t copies : {1u, 2u, 5u}) {
    world w;
    w.with_subkey = true;
    const msg::PaData pa[] = {{padata_t::pac_options, some_octets}};
    w.armored = msg::MethodData(view_of<msg::PaData>(pa));
    const auto req = asn1::decode<msg::TgsReq>(w.tgs_req());
    fixed<msg::PaData, 8> list;
    for (const msg::PaData p : *req->padata)
      for (std::size_t i = 0; i != (p.padata_type == padata_t::fx_fast ? copies : 1); ++i)
        if (!list.push_back(p)) return false;
    std::array<std::uint8_t, 4096> again{};
    const outcome r = w.ask(*asn1::encode(msg::TgsReq{msg::MethodData(view_of<msg::PaData>(list)),
                                                      captured<msg::KdcReqBody>::as_sent(req->req_body.octets())},
                                          again));
    if (copies == 1
            ? !r.issued
            : !r.is(error_code_t::kdc_err_padata_type_nosupp, errc::fast_not_supported, "PA-FX-FAST", "padata")) {
      return false;
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: a request with more than one PA-FX-FAST is refused", "[exchange][rfc6113-5.4.2]",
          fast_is_opened_once);

constexpr bool what_changes_nobodys_name_is_passed_over() {
  constexpr padata_t harmless[] = {padata_t::pac_request,       padata_t::pac_options,      padata_t::kerb_key_list_req,
                                   padata_t::supported_etypes,  padata_t::fx_cookie,        padata_t::req_enc_pa_rep,
                                   padata_t::svr_referral_info, padata_t::server_referral,  padata_t::for_check_dups,
                                   padata_t::enc_timestamp,     padata_t::dmsa_key_package, padata_t(-5)};
  for (const padata_t type : harmless) {
    world w;
    w.with_subkey = true;
    const msg::PaData pa[] = {{type, some_octets}};
    w.more_padata = pa;
    w.armored = msg::MethodData(view_of<msg::PaData>(pa));
    const outcome r = w.ask_tgs();
    if (!r.issued || !same_principal({r.ticket.cname, r.ticket.crealm}, alice()) || r.padata) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: padata that change neither client nor server are passed over, in the open and under FAST",
          "[exchange][rfc6113-5.4.2]", what_changes_nobodys_name_is_passed_over);

constexpr bool what_cannot_be_opened_is_refused() {
  const auto ask = [](auto bend) {
    world w;
    w.with_subkey = true;
    w.armored.emplace();
    bend(w);
    return w.ask_tgs();
  };
  return ask([](world&) {}).issued &&
         ask([](world& w) {
           w.armor = msg::KrbFastArmor{armor_t::initiator_params, some_octets, {}};
         }).is(error_code_t::kdc_err_padata_type_nosupp, errc::fast_not_supported, "PA-FX-FAST", "padata") &&
         ask([](world& w) {
           w.with_subkey = false;
         }).is(error_code_t::kdc_err_padata_type_nosupp, errc::fast_not_supported, "PA-FX-FAST", "padata") &&
         ask([](world& w) {
           w.armor_key = &w.subkey;
         }).is(error_code_t::krb_ap_err_bad_integrity, errc::integrity, "PA-FX-FAST", "enc-fast-req") &&
         ask([](world& w) { w.raw.fast = bytes_view(some_octets); }).is(error_code_t::krb_ap_err_bad_integrity);
}
KERB_BOTH("tgs_kdc: what FAST hides under another key than the authenticator's is refused unseen",
          "[exchange][rfc6113-5.4.2]", what_cannot_be_opened_is_refused);

constexpr bool what_is_no_fast_request_is_refused() {
  // [1] with nothing in it: a choice to come; and an octet that is no encoding
  constexpr std::uint8_t other_choice[] = {0xa1, 0x02, 0x30, 0x00};
  for (const bytes_view value : {bytes_view(other_choice), bytes_view(one_octet), bytes_view()}) {
    world w;
    w.with_subkey = true;
    w.armored.emplace();  // a good one beside it
    const msg::PaData pa[] = {{padata_t::fx_fast, value}};
    w.more_padata = pa;
    const outcome r = w.ask_tgs();
    if (!r.is(value.size() == 4 ? error_code_t::kdc_err_padata_type_nosupp : error_code_t::krb_err_generic))
      return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: PA-FX-FAST that is no request of a known kind is refused", "[exchange][rfc6113-5.4.2]",
          what_is_no_fast_request_is_refused);

/// A policy without a pseudo-random function, of which FAST makes its keys.
struct without_prf : testing::insecure_policy {
  constexpr errc prf(const key&, view_of<bytes_view>, std::span<std::uint8_t>) noexcept {
    return errc::unsupported_etype;
  }
};
constexpr bool no_armor_key_is_no_leave() {
  kdc_side<without_prf> w;
  w.with_subkey = true;
  const bool plain = w.ask_tgs().issued;
  w.armored.emplace();
  w.armor_key = &w.subkey;
  return plain && w.ask_tgs().is(error_code_t::kdc_err_etype_nosupp);
}
KERB_BOTH("tgs_kdc: where the armor key cannot be made the request is refused", "[exchange][rfc6113-5.4.2]",
          no_armor_key_is_no_leave);

constexpr bool no_armored_part_hides_behind_another() {
  world w;
  w.with_subkey = true;
  const msg::PaData hidden[] = {{padata_t::for_user, some_octets}};
  w.armored = msg::MethodData(view_of<msg::PaData>(hidden));
  const bytes_view bad = w.tgs_req();
  std::array<std::uint8_t, 1024> kept{};
  bytes_view fast;
  const auto request = asn1::decode<msg::TgsReq>(bad);
  for (const msg::PaData pa : *request->padata) {
    if (pa.padata_type != padata_t::fx_fast) continue;
    kerb::detail::copy_octets(pa.padata_value.data(), pa.padata_value.size(), kept.data());
    fast = bytes_view(kept).first(pa.padata_value.size());
  }
  world twice;  // the good one first, and then the other
  twice.with_subkey = true;
  twice.armored.emplace();
  const bytes_view good = twice.tgs_req();
  const auto req = asn1::decode<msg::TgsReq>(good);
  fixed<msg::PaData, 4> list;
  for (const msg::PaData pa : *req->padata)
    if (!list.push_back(pa)) return false;
  if (!list.push_back({padata_t::fx_fast, fast})) return false;
  std::array<std::uint8_t, 4096> again{};
  return twice
      .ask(*asn1::encode(msg::TgsReq{msg::MethodData(view_of<msg::PaData>(list)),
                                     captured<msg::KdcReqBody>::as_sent(req->req_body.octets())},
                         again))
      .is(error_code_t::kdc_err_padata_type_nosupp, errc::fast_not_supported, "PA-FX-FAST", "padata");
}
KERB_BOTH("tgs_kdc: no PA-FX-FAST hides behind another one", "[exchange][rfc6113-5.4.2]",
          no_armored_part_hides_behind_another);

/// AD-IF-RELEVANT around AD-fx-fast-used.
constexpr std::uint8_t used_inside[] = {0x30, 0x0d, 0x30, 0x0b, 0xa0, 3, 2, 1, 72, 0xa1, 4, 4, 2, 0x30, 0x00};
constexpr bool who_used_fast_has_it_in_the_request() {
  constexpr msg::AuthorizationDataElement open[] = {{ad_t::fx_fast_used, {}}},
                                          inside[] = {{ad_t::if_relevant, used_inside}};
  for (const auto used :
       {view_of<msg::AuthorizationDataElement>(open), view_of<msg::AuthorizationDataElement>(inside)}) {
    for (const bool in_ticket : {false, true}) {
      world w;
      w.with_subkey = true;
      (in_ticket ? w.tgt.authorization_data : w.authenticator.authorization_data) = used;
      if (!w.ask_tgs().is(error_code_t::krb_ap_err_modified, errc::fast_removed, "TGS-REQ", "padata")) return false;
      w.armored.emplace();
      if (!w.ask_tgs().issued) return false;
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: who says to have used FAST and has no FAST padata was tampered with", "[exchange][rfc6113-5.4.2]",
          who_used_fast_has_it_in_the_request);
}  // namespace
