// expect: address of stack memory associated with local variable 'text' returned
// clang: -Werror=return-stack-address
// A password's view does not keep the text.
#include <kerb/core/secret.hpp>
#include <string>

std::string typed();

#if defined(KERB_FIXED)
kerb::secret<64> password() {
  const std::string text = typed();
  auto copy = kerb::secret<64>::copy_of(kerb::octets_of(text));
  return copy ? std::move(*copy) : kerb::secret<64>();
}
#else
kerb::secret_view password() {
  const std::string text = typed();
  return kerb::secret_view::of(text);
}
#endif

std::size_t f() { return password().size(); }
