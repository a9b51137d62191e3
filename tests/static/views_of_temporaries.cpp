// Views into an object and references to it cannot be taken of a temporary object.
#include <kerb/client.hpp>
#include <kerb/format/ccache.hpp>
#include <kerb/format/keytab.hpp>
#include <kerb/gss.hpp>
#include <kerb/kdc.hpp>
#include <kerb/service.hpp>
#include <kerb/testing/insecure.hpp>

#include <string>
#include <vector>

namespace {

using namespace kerb;
using policy = testing::insecure_policy;

template <class T, class Call>
concept allows = requires(T&& t, Call call) {
  call(static_cast<T&&>(t));
};
/// Whether the call compiles for an object with a name, and for no temporary one.
template <class T, class Call>
constexpr bool only_named(Call) {
  return allows<T&, Call> && !allows<T, Call> && !allows<const T, Call>;
}
#define KERB_ONLY_NAMED(type, member) \
  static_assert(only_named<type>([](auto&& x) -> decltype((void)(decltype(x)(x) member)) {}), #type " " #member)

using text_result = result<kerberos_string>;
using text_checked = kerb::detail::checked<kerberos_string>;
KERB_ONLY_NAMED(text_result, .operator->());
KERB_ONLY_NAMED(text_checked, .operator->());
KERB_ONLY_NAMED(text_checked, .refusal());
static_assert(std::is_same_v<decltype(*std::declval<text_result>()), kerberos_string>, "a value, not a reference");
static_assert(std::is_same_v<decltype(std::declval<text_result>().error()), error>, "a value, not a reference");

using credential_type = basic_credential<key>;
KERB_ONLY_NAMED(credential_type, .facts());
KERB_ONLY_NAMED(credential_type, .client());
KERB_ONLY_NAMED(credential_type, .server());
KERB_ONLY_NAMED(credential_type, .ticket());
using owned_type = owned_credential<key, 64>;
KERB_ONLY_NAMED(owned_type, .get());
KERB_ONLY_NAMED(owned_type, .operator*());
KERB_ONLY_NAMED(owned_type, .operator->());
KERB_ONLY_NAMED(session_keys<key>, .protection_key());
KERB_ONLY_NAMED(authenticated_client<key>, .client());
KERB_ONLY_NAMED(authenticated_client<key>, .service());
KERB_ONLY_NAMED(authenticated_client<key>, .checksum());
KERB_ONLY_NAMED(authenticated_client<key>, .gss());
KERB_ONLY_NAMED(authenticated_client<key>, .authorization());
KERB_ONLY_NAMED(authenticated_client<key>, .transited());

using received = received_credentials<policy>;
KERB_ONLY_NAMED(received, .facts(0));
static_assert(only_named<received>([](auto&& x) -> decltype((void)decltype(x)(x).take(0, std::declval<policy&>())) {}));

using cache = ticket_cache<key, 2>;
constexpr auto found = [](auto&& x) -> decltype((void)decltype(x)(x).find(principal_view(), kerberos_time())) {};
constexpr auto found_of =
    [](auto&& x) -> decltype((void)decltype(x)(x).find(principal_view(), principal_view(), kerberos_time())) {};
static_assert(only_named<cache>(found) && only_named<cache>(found_of));
using list = key_list<key, 2>;
KERB_ONLY_NAMED(list, .find(std::declval<const need_ticket_key&>()));
KERB_ONLY_NAMED(ccache_view, .client());
KERB_ONLY_NAMED(ccache_view, .offset());

KERB_ONLY_NAMED(as_client<policy>, .peer_error());
KERB_ONLY_NAMED(as_client<policy>, .realm_named());
KERB_ONLY_NAMED(ap_initiator<policy>, .peer_error());
KERB_ONLY_NAMED(kpasswd_client<policy>, .refusal());
KERB_ONLY_NAMED(ap_acceptor<policy>, .peer());
KERB_ONLY_NAMED(as_kdc<policy>, .body());
KERB_ONLY_NAMED(as_kdc<policy>, .client());
KERB_ONLY_NAMED(as_kdc<policy>, .indicators());
KERB_ONLY_NAMED(as_kdc<policy>, .draft());
KERB_ONLY_NAMED(as_kdc<policy>, .server());
KERB_ONLY_NAMED(tgs_kdc<policy>, .body());
KERB_ONLY_NAMED(tgs_kdc<policy>, .header_ticket());
KERB_ONLY_NAMED(tgs_kdc<policy>, .second_ticket());
KERB_ONLY_NAMED(kdc<policy>, .as());
KERB_ONLY_NAMED(kdc<policy>, .tgs());

// What is made of a text or of octets keeps no view of a temporary owner
template <class View, class Owner>
constexpr bool only_of_named = !std::is_convertible_v<Owner, View> && !std::is_convertible_v<const Owner, View> &&
                               !std::is_constructible_v<View, Owner>;
static_assert(only_of_named<bytes_view, std::array<std::uint8_t, 4>>);
static_assert(only_of_named<bytes_view, std::vector<std::uint8_t>> &&
              only_of_named<bytes_view, fixed<std::uint8_t, 4>>);
static_assert(only_of_named<view_of<etype_t>, std::array<etype_t, 2>>);
static_assert(only_of_named<view_of<etype_t>, std::vector<etype_t>>);
static_assert(only_of_named<text_view, std::string> &&
              only_of_named<std::span<std::uint8_t>, std::vector<std::uint8_t>>);
static_assert(only_of_named<secret_view, std::string> && only_of_named<secret_view, std::vector<std::uint8_t>>);
static_assert(only_of_named<secret_view, std::array<std::uint8_t, 4>> && only_of_named<secret_view, secret<4>>);
static_assert(only_of_named<principal_view, principal> && only_of_named<std::optional<principal_view>, principal>);
static_assert(only_of_named<ref<const key>, key> && only_of_named<std::optional<ref<const key>>, key>);
static_assert(only_of_named<ref<const credential_type>, credential_type>);
static_assert(only_of_named<ref<const credential_type>, owned_type>);
static_assert(only_of_named<std::optional<ref<unique_time>>, unique_time>);
static_assert(only_of_named<std::optional<bytes_view>, std::vector<std::uint8_t>>);

KERB_ONLY_NAMED(gss::initiator<policy>, .peer_error());
KERB_ONLY_NAMED(gss::acceptor<policy>, .peer());
KERB_ONLY_NAMED(gss::context<policy>, .initiator());
KERB_ONLY_NAMED(gss::context<policy>, .acceptor());
KERB_ONLY_NAMED(gss::context<policy>, .peer());
KERB_ONLY_NAMED(gss::context<policy>, .client());
KERB_ONLY_NAMED(gss::negotiate_initiator<policy>, .peer_error());
KERB_ONLY_NAMED(gss::negotiate_acceptor<policy>, .peer());
KERB_ONLY_NAMED(gss::sasl_client<policy>, .peer_error());
KERB_ONLY_NAMED(gss::sasl_server<policy>, .peer());
KERB_ONLY_NAMED(gss::sasl_session<policy>, .agreed());
KERB_ONLY_NAMED(gss::sasl_session<policy>, .ended());
KERB_ONLY_NAMED(gss::sasl_session<policy>, .established());

}  // namespace
