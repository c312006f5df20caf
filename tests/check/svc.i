/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public header as a binding generator sees it. Options are not for the
 * target language to fill: a binding offers plain arguments for them. What the
 * library fills is read only. A member named as a keyword of Go, or of
 * Python, is renamed.
 */
%module svc
%{
#include <svc/svc.h>
%}
%include <stdint.i>

%ignore svc_allocator;
%ignore svc_allocator_set;
%ignore svc_resolver_options;
%ignore svc_service_options;
%ignore svc_pick_options;
%rename(exec_) svc_resolver_options::exec;
%rename(type_) svc_endpoints_info::type;
%immutable;

%include <svc/svc.h>
