// The old pay half, says the compiler.
#include <toy/door.hpp>

static_assert(toy::fee(70) == 5);
