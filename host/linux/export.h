/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOST_LINUX_EXPORT_H
#define _HOST_LINUX_EXPORT_H

#define EXPORT_SYMBOL_GPL(name)	extern typeof(name) name

#endif /* _HOST_LINUX_EXPORT_H */
