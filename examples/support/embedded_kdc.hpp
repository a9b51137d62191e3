// A KDC in the same program: a realm in memory that explains step by step what it does with each request.
#pragma once
#include <kerb/botan.hpp>
#include <kerb/testing/realm.hpp>

#include "story.hpp"

namespace example {

/// A function call that takes the place of a transport. kerb::serve() is the same loop in one call.
class embedded_kdc {
 public:
  using policy = kerb::botan::policy;

  embedded_kdc(policy& p, story& tell, std::string_view user, std::string_view password, std::string_view service)
      : p_(p), tell_(tell), realm_(p, realm_name, kerb::etype_t::aes256_cts_hmac_sha384_192) {
    ready_ = realm_.add_user(user, kerb::secret_view::of(password)) && realm_.add_service(service) && realm_.ready();
  }
  static constexpr kerb::kerberos_string realm_name = kerb::operator""_krb<"EXAMPLE.ORG">();

  bool ready() const { return ready_; }
  /// The service's key, which a real service would have in a keytab.
  const kerb::key* key_of(std::string_view name) { return realm_.key_of(name); }

  kerb::result<kerb::answer> operator()(const kerb::send& s, kerb::timestamp now) {
    const kerb::environment<policy> t{p_, now};
    kerb::botan::kdc x(realm_.settings, workspace_);
    kerb::kdc_step step = x.receive(s.octets, t);
    for (;;) {
      if (const auto* ask = std::get_if<kerb::need_principal>(&step)) {
        const auto found = realm_.find(*ask);
        if (x.tgs() != nullptr && ask->role == kerb::principal_role::header_server) opens(ask->principal);
        if (x.tgs() != nullptr && ask->role == kerb::principal_role::server) checks(*x.tgs());
        const auto* record = std::get_if<kerb::principal_record<policy>>(&found);
        step = record != nullptr ? x.found(*record, t) : x.absent(t);
      } else if (kerb::is<kerb::authorize>(step)) {
        if (x.tgs() != nullptr) issues(*x.tgs());
        step = x.issue(x.as() != nullptr ? with_groups() : kerb::issue_options{}, t);
      } else if (const auto* r = std::get_if<kerb::reply>(&step)) {
        return kerb::answer(r->octets, kerb::transport::stream);
      } else if (const auto* no = std::get_if<kerb::refused>(&step)) {
        if (no->octets.empty()) return no->why;
        return kerb::answer(no->octets, kerb::transport::stream);
      } else if (const auto* f = std::get_if<kerb::failed>(&step)) {
        return f->why;
      } else {
        return kerb::error{.code = kerb::errc::no_space};
      }
    }
  }

 private:
  void opens(const kerb::principal_view& header) {
    tell_.step("KDC               opens the ticket-granting ticket with its own key, that of %s (key usage 2)",
               text_of(header).c_str());
  }
  void checks(const kerb::tgs_kdc<policy>& x) {
    const kerb::msg::EncTicketPart& tgt = x.header_ticket();
    tell_.step("KDC               checks the authenticator, sealed under the key that it found in there (key usage 7)");
    tell_.more("It is %s's, as the ticket; its time is now; its checksum covers this very request.",
               text_of(kerb::principal_view{tgt.cname, tgt.crealm}).c_str());
    tell_.step("KDC               carries the user's authorization data over: %zu element%s",
               tgt.authorization_data ? tgt.authorization_data->size() : 0,
               tgt.authorization_data && tgt.authorization_data->size() == 1 ? "" : "s");
  }
  void issues(const kerb::tgs_kdc<policy>& x) {
    const kerb::ticket_draft& d = x.draft();
    tell_.step("KDC               invents a session key of type %s for client and service",
               text_of(d.session_etype).c_str());
    tell_.step("KDC               seals one copy of it for the client, under the subkey of its request (key usage 9)");
    tell_.step("KDC               and one for the service, inside the ticket, under the service's key (key usage 2)");
    tell_.more("The ticket is good until %s, no longer than the one it came from.", text_of(d.endtime).c_str());
  }
  /// A directory's data about a user, for services that understand it: an AD-IF-RELEVANT, here with the group "staff".
  static kerb::issue_options with_groups() {
    static constexpr std::uint8_t staff[] = {0x30, 0x11, 0x30, 0x0f, 0xa0, 0x04, 0x02, 0x02, 0x1b, 0x58,
                                             0xa1, 0x07, 0x04, 0x05, 's',  't',  'a',  'f',  'f'};
    static constexpr kerb::msg::AuthorizationDataElement elements[] = {{kerb::ad_t::if_relevant, staff}};
    return {.authorization_data = elements};
  }

  policy& p_;
  story& tell_;
  kerb::testing::realm<policy> realm_;
  std::array<std::uint8_t, 16384> workspace_{};
  bool ready_ = false;
};

}  // namespace example
