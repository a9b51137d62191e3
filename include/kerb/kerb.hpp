// All exchanges, messages, keytabs and credential caches, without a crypto backend.
#pragma once
#include "client.hpp"
#include "explain.hpp"
#include "gss.hpp"
#include "kdc.hpp"
#include "messages.hpp"
#include "service.hpp"
