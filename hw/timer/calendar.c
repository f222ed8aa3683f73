/* SPDX-License-Identifier: MIT */
/* Dates and days, counted within eras of 400 years that begin in March, so that the leap day is the last of its year. */
#include "hw/timer/calendar.h"

int64_t calendar_days(int64_t year, int64_t month, int64_t day)
{
    int64_t y = year - (month <= 2), era = calendar_floor_div(y, 400), of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void calendar_date(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468, era = calendar_floor_div(z, 146097), of_era = z - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 + (*month <= 2));
}
