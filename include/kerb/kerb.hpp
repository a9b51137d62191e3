// All of kerb except the crypto backends.
#pragma once
#include "client.hpp"
#include "explain.hpp"
#include "gss.hpp"
#include "kdc.hpp"
#include "messages.hpp"
#include "service.hpp"
