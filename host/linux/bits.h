/* SPDX-License-Identifier: GPL-2.0 */
/* What include/linux/pma.h asks for; host/pma_os.h has it. */
