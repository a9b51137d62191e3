// expect: use of deleted function .*view|call to deleted member function 'view'
// `*` of a temporary result is a value of its own, and a view of that is refused as of any other temporary.
#include <kerb/format/principal.hpp>

std::size_t f(std::string_view text) {
#if defined(KERB_FIXED)
  const auto name = *kerb::principal::parse(text);
  const kerb::principal_view view = name.view();
#else
  const kerb::principal_view view = (*kerb::principal::parse(text)).view();
#endif
  return view.realm.octets.size();
}
