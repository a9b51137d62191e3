// What a mechanism of the client returns, and the steps of several.
#include <kerb/exchange/preauth/mechanism.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {
struct a {};
struct b {};
static_assert(std::same_as<detail::joined<std::variant<a>, no_steps, no_steps>, std::variant<a>>);
static_assert(
    std::same_as<detail::joined<std::variant<a>, std::variant<b, a>, no_steps, std::variant<b>>, std::variant<a, b>>);
static_assert(std::same_as<detail::joined<no_steps>, no_steps>);
static_assert(detail::is_alternative_of<b, std::variant<a, b>> && !detail::is_alternative_of<b, std::variant<a>>);

constexpr bool an_outcome_holds_the_steps_of_its_mechanism() {
  using narrow = preauth_outcome<>;
  using wide = preauth_outcome<std::variant<a>>;
  const narrow from = preauth::wants_body{7};
  const wide to = detail::widened<wide>(from);
  const wide own = a{};
  return std::holds_alternative<preauth::skip>(narrow()) && std::get<preauth::wants_body>(to).padata == 7 &&
         std::holds_alternative<a>(own);
}
}  // namespace
KERB_BOTH("preauth_outcome: it holds the steps of its mechanism, and skip by default", "[exchange][rfc4120-5.2.7]",
          an_outcome_holds_the_steps_of_its_mechanism);
