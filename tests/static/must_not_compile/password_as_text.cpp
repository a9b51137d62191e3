// expect: write_secret_view_of_text
// A text becomes a secret only by name, so that the place can be found.
#include <kerb/exchange/client/as_params.hpp>
#include <kerb/testing/insecure.hpp>
#include <string>

bool f(const kerb::principal_view& alice, const std::string& text) {
#if defined(KERB_FIXED)
  const kerb::as_params<kerb::key> p{.client = alice, .password = kerb::secret_view::of(text), .buffer = {}};
#else
  const kerb::as_params<kerb::key> p{.client = alice, .password = text, .buffer = {}};
#endif
  return p.password.empty();
}
