# SPDX-License-Identifier: Apache-2.0
# Writes backend_table.c: the NULL-terminated table of the backends that are
# built, in the order in which they are listed to users, and that of the
# libraries behind them. backend/backend.h declares both.
set(backends "")
if(SVC_BACKEND_FILE)
    list(APPEND backends file)
endif()
if(SVC_BACKEND_DNS)
    list(APPEND backends dns)
endif()
if(SVC_BACKEND_APISERVER)
    list(APPEND backends apiserver)
endif()
set(SVC_BACKEND_VERSION_EXTERNS "")
set(SVC_BACKEND_VERSIONS "")
if("dns" IN_LIST backends)
    string(APPEND SVC_BACKEND_VERSION_EXTERNS
        "extern const char *svc__resolv_version(void);\n")
    string(APPEND SVC_BACKEND_VERSIONS
        "    {\"c-ares\", svc__resolv_version},\n")
endif()
if("apiserver" IN_LIST backends)
    string(APPEND SVC_BACKEND_VERSION_EXTERNS
        "extern const char *svc__http_version(void);\n")
    string(APPEND SVC_BACKEND_VERSIONS
        "    {\"libcurl\", svc__http_version},\n")
endif()

set(SVC_BACKEND_EXTERNS "")
set(SVC_BACKEND_ENTRIES "")
foreach(name IN LISTS backends)
    string(APPEND SVC_BACKEND_EXTERNS
        "extern const struct svc__backend_ops svc__backend_${name};\n")
    string(APPEND SVC_BACKEND_ENTRIES "    &svc__backend_${name},\n")
endforeach()
set(backend_table "${CMAKE_CURRENT_BINARY_DIR}/generated/backend_table.c")
configure_file(cmake/backend_table.c.in "${backend_table}" @ONLY)
list(APPEND sources "${backend_table}")
