/** Counts days and seconds in the Gregorian calendar, in UTC. */

/** Time taken apart: month from 0, weekday from Sunday, day of the year from 0; seconds may have a fraction. */
export interface BrokenTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hours: number
  readonly minutes: number
  readonly seconds: number
  readonly weekday: number
  readonly yearDay: number
}

const daySeconds = 86_400

/** Days since 1970-01-01; months may be any whole number (Hinnant's algorithm). */
export function daysFrom(year: number, month: number, day: number): number {
  const monthInYear = ((month % 12) + 12) % 12
  const wholeYear = year + Math.floor(month / 12)
  const shifted = wholeYear - (monthInYear < 2 ? 1 : 0)
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * ((monthInYear + 10) % 12) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** Seconds since 1970 of a time whose parts may lie outside their usual ranges. */
export function secondsFrom(time: Omit<BrokenTime, 'weekday' | 'yearDay'>): number {
  const days = daysFrom(time.year, time.month, time.day)
  return days * daySeconds + time.hours * 3_600 + time.minutes * 60 + time.seconds
}

/** A time taken apart. */
export function brokenTime(secondsSince1970: number): BrokenTime {
  const whole = Math.trunc(secondsSince1970)
  const fraction = secondsSince1970 - Math.floor(secondsSince1970)
  const days = Math.floor(whole / daySeconds)
  const rest = whole - days * daySeconds
  const { year, month, day } = dateOf(days)
  return {
    ...{ year, month, day },
    hours: Math.floor(rest / 3_600),
    minutes: Math.floor(rest / 60) % 60,
    seconds: (rest % 60) + fraction,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearDay: days - daysFrom(year, 0, 1),
  }
}

function dateOf(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = (shiftedMonth + 2) % 12
  return {
    year: yearOfEra + era * 400 + (month < 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  }
}

/** The year and week that a day belongs to by ISO 8601. */
export function isoWeek({ year, yearDay, weekday }: BrokenTime): { year: number; week: number } {
  const thursday = yearDay + 3 - ((weekday + 6) % 7)
  const length = (one: number) => daysFrom(one + 1, 0, 1) - daysFrom(one, 0, 1)
  if (thursday < 0)
    return { year: year - 1, week: Math.floor((thursday + length(year - 1)) / 7) + 1 }
  if (thursday >= length(year)) return { year: year + 1, week: 1 }
  return { year, week: Math.floor(thursday / 7) + 1 }
}

export const weekdays = [
  ...['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'],
] as const

export const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September'],
  ...['October', 'November', 'December'],
] as const
