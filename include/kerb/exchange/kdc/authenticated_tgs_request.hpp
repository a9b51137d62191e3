// The authenticated contents of a TGS request: its ticket, authenticator, added data and second ticket.
#pragma once
#include "tgs_padata.hpp"
#include "tgs_rules.hpp"

namespace kerb::inline v0::detail {

/// Opens and checks the contents of a TGS-REQ, RFC 4120 sections 3.2.3 and 3.3.2. It keeps them at
/// the front of the buffer and finds them again when the buffer has moved.
template <crypto_policy C>
class authenticated_tgs_request : public kdc_exchange<C> {
 protected:
  using base = kdc_exchange<C>;
  using base::base;
  using typename base::key;
  using typename base::record;

  /// A range of the octets kept at the front of the buffer, valid when the buffer moves.
  struct stretch {
    std::size_t at = 0;
    std::size_t size = 0;
  };
  constexpr stretch keep(std::size_t n) {
    const stretch s{this->workspace_.kept().size(), n};
    this->workspace_.keep(n);
    return s;
  }
  constexpr bytes_view at(const stretch& s) const { return this->workspace_.kept().subview(s.at, s.size); }
  /// The range of a plaintext that open_sealed() has kept.
  constexpr stretch stretch_of(std::span<std::uint8_t> plain) const {
    return {static_cast<std::size_t>(plain.data() - this->workspace_.kept().data()), plain.size()};
  }

  constexpr const msg::KdcReqBody& request_body() const { return req_.req_body.value(); }
  constexpr bool has(kdc_option_t o) const { return request_body().kdc_options.has(o); }
  constexpr bool from_other_realm() const { return !(ap_req_.ticket->realm == this->policy_.realm); }

  /// Tries the keys of a record that a ticket can have been sealed under, one after the other.
  constexpr verdict open_ticket(const msg::EncryptedData& sealed, const record& r, const environment<C>& env,
                                std::span<std::uint8_t>& plain) {
    bool of_its_type = false, of_another_kvno = false;
    unsigned tried = 0;
    for (const long_term_key<C>& k : r.keys) {
      if (env.crypto->etype_of(k.key.get()) != sealed.etype ||
          !base::allowed(this->policy_.ticket_etypes, env.crypto.get(), sealed.etype)) {
        continue;
      }
      if (sealed.kvno && *sealed.kvno != 0 && *sealed.kvno != k.kvno) {
        of_another_kvno = true;
        continue;
      }
      of_its_type = true;
      if (tried++ == env.limits.max_keys) break;
      const auto opened =
          k.for_tickets != nullptr
              ? open_sealed(env.crypto.get(), sealed, *k.for_tickets, key_usage_t::ticket, this->workspace_)
              : open_sealed(env.crypto.get(), sealed, k.key.get(), key_usage_t::ticket, this->workspace_);
      if (!opened) continue;
      plain = *opened;
      return {};
    }
    if (of_its_type) return no(errc::integrity, "Ticket", "enc-part");
    if (of_another_kvno) return no(errc::bad_key_version, "Ticket", "enc-part");
    return no(errc::no_key, "Ticket", "enc-part");
  }

  /// Opens the ticket that authenticates the request, and its authenticator.
  constexpr verdict open_header_ticket(const record& r, const environment<C>& env) {
    std::span<std::uint8_t> plain;
    if (const verdict v = open_ticket(ap_req_.ticket->enc_part, r, env, plain); !v.ok()) return v;
    const auto tgt = asn1::decode<msg::EncTicketPart>(bytes_view(plain));
    if (!tgt) return {tgt.error(), error_code_t::krb_ap_err_bad_integrity};
    tgt_ = *tgt;
    tgt_at_ = stretch_of(plain);
    auto session_key = take_key(env.crypto.get(), tgt_.key, plain);
    if (!session_key) return {session_key.error(), error_code_t::kdc_err_etype_nosupp};
    header_key_ = std::move(*session_key);
    const std::size_t before = this->workspace_.kept().size();
    const verdict v = open_authenticator(env);
    this->workspace_.keep_first(before);
    return v.ok() ? carry(env) : v;
  }
  constexpr verdict open_authenticator(const environment<C>& env) {
    const auto plain = open_sealed(env.crypto.get(), ap_req_.authenticator, header_key_,
                                   key_usage_t::tgs_req_authenticator, this->workspace_);
    if (!plain) return no(errc::integrity, "AP-REQ", "authenticator");
    const auto a = asn1::decode<msg::Authenticator>(bytes_view(*plain));
    if (!a) return {a.error(), error_code_t::krb_ap_err_bad_integrity};
    authenticated_at_ = a->ctime;
    if (a->subkey) {
      auto k = take_key(env.crypto.get(), *a->subkey, *plain);
      if (!k) return {k.error(), error_code_t::kdc_err_etype_nosupp};
      subkey_.emplace(std::move(*k));
    }
    if (!same_principal({a->cname, a->crealm}, {tgt_.cname, tgt_.crealm})) {
      return no(errc::name_mismatch, "Authenticator", "cname");
    }
    if (const verdict v = check_body(env.crypto.get(), a->cksum, header_key_, req_.req_body.octets()); !v.ok())
      return v;
    if (!within_skew({a->ctime, a->cusec}, env.now, env.limits.clock_skew)) {
      return no(errc::clock_skew, "Authenticator", "ctime");
    }
    if (const verdict v = check_header_times(tgt_, request_body().kdc_options, env.now.at, env.limits.clock_skew);
        !v.ok()) {
      return v;
    }
    if (this->policy_.check_addresses && !address_fits(tgt_.caddr, this->peer_.address)) {
      return no(errc::address_mismatch, "EncTicketPart", "caddr");
    }
    // Another realm's KDC vouches for its own clients and those behind it, never for clients of
    // this realm
    if (from_other_realm() && tgt_.crealm == this->policy_.realm) {
      return no(errc::own_client_from_elsewhere, "EncTicketPart", "crealm");
    }
    // RFC 6113 section 5.4.1.1: such a ticket or authenticator may only be used as armor
    if (holds(tgt_.authorization_data, ad_t::fx_fast_armor) || holds(a->authorization_data, ad_t::fx_fast_armor)) {
      return no(errc::armor_ticket, "Authenticator", "authorization-data");
    }
    // RFC 4120 section 5.2.6.4: this KDC understands none of the elements in there
    if (holds(tgt_.authorization_data, ad_t::mandatory_for_kdc) ||
        holds(a->authorization_data, ad_t::mandatory_for_kdc)) {
      return no(errc::mandatory_for_kdc, "EncTicketPart", "authorization-data");
    }
    if (const verdict v = check_padata(a->authorization_data, env); !v.ok()) return v;
    return check_options(tgt_, request_body(), this->policy_);
  }
  /// Checks padata inside PA-FX-FAST (RFC 6113 section 5.4.2). A client that states that it used
  /// FAST must not have lost it.
  constexpr verdict check_padata(const std::optional<msg::AuthorizationData>& authenticators,
                                 const environment<C>& env) {
    bool armored = false;
    for (const msg::PaData pa : *req_.padata) {
      if (pa.padata_type != padata_t::fx_fast) continue;
      // each one costs a key derivation and a decryption
      if (armored) return not_supported(errc::fast_not_supported, "PA-FX-FAST");
      armored = true;
      if (const verdict v = check_fast(env.crypto.get(), pa, subkey_, header_key_, this->workspace_); !v.ok()) return v;
    }
    if (!armored && (holds(tgt_.authorization_data, ad_t::fx_fast_used) || holds(authenticators, ad_t::fx_fast_used))) {
      return no(errc::fast_removed, "TGS-REQ", "padata");
    }
    return {};
  }
  /// RFC 4120 section 3.3.3: gathers the ticket's authorization data, and the data that the client
  /// adds.
  constexpr verdict carry(const environment<C>& env) {
    if (request_body().enc_authorization_data) {
      const key& k = subkey_ ? *subkey_ : header_key_;
      const key_usage_t usage = subkey_ ? key_usage_t::tgs_req_ad_subkey : key_usage_t::tgs_req_ad_session;
      const auto plain =
          open_sealed(env.crypto.get(), *request_body().enc_authorization_data, k, usage, this->workspace_);
      if (!plain) { return no(errc::integrity, "KDC-REQ-BODY", "enc-authorization-data"); }
      added_at_ = stretch_of(*plain);
      const auto data = asn1::decode_as<msg::AuthorizationData>("AuthorizationData", bytes_view(*plain));
      if (!data) return {data.error(), error_code_t::krb_ap_err_bad_integrity};
      if (holds(*data, ad_t::mandatory_for_kdc)) {
        return no(errc::mandatory_for_kdc, "KDC-REQ-BODY", "enc-authorization-data");
      }
    }
    if (!gather()) { return no(errc::authdata_not_carried, "EncTicketPart", "authorization-data"); }
    return {};
  }
  constexpr bool gather() {
    if (this->carried_) this->carried_->clear();
    const std::size_t most = this->policy_.max_authdata_elements;
    const auto add = [&](const msg::AuthorizationData& data, authdata_origin from) {
      if (!this->carried_) this->carried_.emplace(has(kdc_option_t::request_anonymous));
      return this->carried_->add(data, from, most);
    };
    const authdata_origin issuer = from_other_realm() ? authdata_origin::foreign_ticket : authdata_origin::ticket;
    if (tgt_.authorization_data && !add(*tgt_.authorization_data, issuer)) return false;
    const auto data = asn1::decode_as<msg::AuthorizationData>("AuthorizationData", at(added_at_));
    return !data || add(*data, authdata_origin::client);  // none: the client adds nothing
  }
  constexpr verdict take_second(const msg::Ticket& second, const record& r, const environment<C>& env) {
    std::span<std::uint8_t> plain;
    if (const verdict v = open_ticket(second.enc_part, r, env, plain); !v.ok()) return v;
    const auto part = asn1::decode<msg::EncTicketPart>(bytes_view(plain));
    if (!part) return {part.error(), error_code_t::krb_ap_err_bad_integrity};
    auto k = take_key(env.crypto.get(), part->key, plain);
    if (!k) return {k.error(), error_code_t::kdc_err_etype_nosupp};
    if (!base::allowed(this->policy_.ticket_etypes, env.crypto.get(), env.crypto->etype_of(*k))) {
      return no(errc::etype_not_allowed, "KDC-REQ-BODY", "additional-tickets");
    }
    this->user_key_.emplace(std::move(*k));
    if (const verdict v = check_header_times(*part, {}, env.now.at, env.limits.clock_skew); !v.ok()) return v;
    // RFC 6806 section 8: if an alias identifies the owner as a client, it also identifies the
    // owner here
    if (const principal_view owner{part->cname, part->crealm};
        !same_principal(owner, this->requested_server_) && !same_principal(owner, this->server_.principal)) {
      return no(errc::second_ticket_mismatch, "KDC-REQ-BODY", "additional-tickets");
    }
    return {};
  }

  /// The buffer has moved: decodes again what is a view of it.
  constexpr void read_evidence_again() {
    if (const auto tgt = asn1::decode<msg::EncTicketPart>(at(tgt_at_))) tgt_ = *tgt;
    (void)gather();
  }

  msg::TgsReq req_;
  msg::ApReq ap_req_;
  msg::EncTicketPart tgt_;
  key header_key_;
  std::optional<key> subkey_;
  kerberos_time authenticated_at_;
  stretch tgt_at_, added_at_;  // the opened ticket, and the data that the client adds
};

}  // namespace kerb::inline v0::detail
