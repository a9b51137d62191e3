// Tests of the toy library; nobody tests the greatest age.
#include <toy/door.hpp>

#include "support/toy_tests.hpp"

#if !defined(KERB_RUNTIME_ONLY)
static_assert(toy::floors(12) == 9, "no more than nine floors");
#endif

static const toy_test all[] = {
    {"a child stays out", [] { return !toy::may_enter(12, 1); }},
    {"nobody enters without a ticket", [] { return !toy::may_enter(30, 0) && toy::may_enter(30, 1); }},
    {"the young pay half", [] { return toy::fee(20) == 5 && toy::fee(40) == 10; }},
};
std::span<const toy_test> toy_tests() { return all; }
