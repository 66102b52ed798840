// Every word of the page, in Korean and English. A sentence with an amount in it is a function that returns pieces.

import { count, dateText as dateIn, momentText, secondsText, timeText, wattHoursText } from './formats.js';

const plural = (n, one, many) => (n === '1' ? `1 ${one}` : `${n} ${many}`);

const ko = {
  title: '오늘 · Solvent',
  skip: '본문으로',
  language: '언어',
  leave: '키 지우기',
  today: '오늘',
  pause: '멈춤',
  resume: '이어 보기',
  live: '실시간',
  connecting: '연결하는 중',
  unreachable: '서비스에 닿지 않습니다',
  unreachable_why: '서비스가 켜져 있는지 보세요. 다시 이어지면 이 화면이 스스로 열립니다.',
  lost: (s) => `연결이 끊겼습니다. ${s}초 뒤에 다시 잇습니다`,
  paused_at: (time) => `${time}에 멈춤`,
  waiting: (n) => `새 영수증 ${n}개`,
  door_title: '이 화면은 운영자 키로 열립니다',
  door_why: '오늘의 손익과 들어오는 영수증이 여기 보입니다. 원가와 마진은 운영자만 볼 수 있어, 서버가 키를 먼저 묻습니다.',
  key_label: '운영자 키',
  key_note: '터미널에 나온 주소를 그대로 붙여 넣어도 됩니다. 데이터 폴더의 first-run.json에도 operator_key로 적혀 있습니다. 키는 이 탭에만 두고, 탭을 닫으면 사라집니다.',
  open: '열기',
  no_key: '키가 비었습니다. op-solvent-로 시작하는 운영자 키를 넣으세요.',
  wrong_key: '이 서버가 모르는 키입니다. 빠진 글자가 없는지 보고, 터미널에 나온 주소나 first-run.json의 operator_key를 다시 붙여 넣으세요.',
  not_operator: '이것은 고객 키입니다. 고객 키로는 답변을 물을 수 있고, 손익은 운영자 키(op-solvent-)로만 볼 수 있습니다.',
  kept: (money) => ['오늘 지금까지 ', money, ' 남겼습니다'],
  lost_money: (money) => ['오늘 지금까지 ', money, ', 적자입니다'],
  even: ['오늘 지금까지 본전입니다'],
  nothing_yet: ['오늘은 아직 답변이 없습니다'],
  only_failed: (n) => [`오늘 질문 ${n}개가 모두 실패했습니다`],
  say_sub: (paid, cost, particle, gifts, earned) => [
    '요금 ', paid, ...(earned ? [', 요금제 수입 ', earned] : []), '에서 ',
    ...(gifts ? ['선물로 낸 ', gifts, ', '] : []), '비용 ', cost, `${particle} 뺀 값입니다.`,
  ],
  say_sub_none: '첫 질문이 들어오면 요금과 비용이 바로 여기 적힙니다.',
  say_sub_failed: '실패한 질문의 값은 받지 않았습니다. 아래 영수증에서 까닭을 볼 수 있습니다.',
  answers: '답변',
  no_failed: '실패 없음',
  failed_free: (n) => `실패 ${n}개, 받지 않음`,
  they_paid: '요금',
  with_plans: (money) => ['오늘치 요금제 수입 ', money, ' 포함'],
  we_paid: '비용',
  margin: '남은 돈',
  charge_each: (money) => ['답변 하나에 ', money],
  cost_share: (share) => `요금의 ${share}`,
  margin_share: (share) => `요금의 ${share}`,
  cost_each: '답변 하나의 비용',
  token_count: (read, written) => `토큰 읽기 ${read}, 쓰기 ${written}`,
  energy: '에너지',
  energy_note: '우리 엔진이 쓴 것',
  energy_note_estimated: '우리 엔진이 쓴 것, 추정 포함',
  plans: '요금제마다 어디가 본전인가',
  plan_even: (plan, n) => `${plan}: 한 고객이 한 달에 답변 ${n}개면 본전`,
  plan_unknown: (plan) => `${plan}: 본전을 아직 셈할 수 없습니다`,
  plan_never: (plan) => `${plan}: 요금이 고정비와 무료 고객 몫도 못 덮습니다`,
  plan_sum: (net, subsidy, fixed) => ['부가세와 결제 수수료를 뺀 요금 ', net, ', 무료 고객 몫 ', subsidy, ', 고정비 ', fixed, '. '],
  plan_each: (money) => ['답변 하나의 원가는 ', money, '입니다.'],
  plan_nobody: '오늘 이 요금제로 물은 고객이 없습니다.',
  receipts: '들어오는 영수증',
  receipts_note: (n) => `최근 ${n}개`,
  at: '시각', who: '고객', model: '모델', tokens: '토큰', charge: '요금', cost: '비용', took: '걸린 시간', outcome: '결과',
  empty_today: '답변 하나를 물어보면 그 영수증이 여기 나타납니다. 터미널에서 이렇게 묻습니다.',
  empty_note: 'YOUR_KEY에는 터미널에 나온 고객 키(sk-solvent-)를 넣습니다. first-run.json에는 api_key로 적혀 있습니다.',
  empty_since: '서비스가 다시 켜진 뒤로 들어온 영수증이 없습니다. 위의 합계는 장부에서 읽은 오늘의 것입니다.',
  copy: '복사',
  copied: '복사했습니다',
  curl: '물어보는 명령',
  sample_question: '요금제의 본전은 어떻게 셈하나요?',
  answered: '끝까지',
  abandoned: '고객이 끊음',
  broken: '도중에 끊김',
  failed: '실패',
  overdue: '시간 넘김',
  look: '살펴볼 일',
  said_failed: '답변이 나오지 않아 요금이 0입니다.',
  said_failed_cost: '답변이 나오지 않아 요금은 0이지만, 비용은 적었습니다.',
  bucket: '토큰 구분',
  input_tokens: '새로 읽은 글',
  cached_input_tokens: '다시 읽은 글 (저장분)',
  cache_write_tokens: '저장한 글',
  image_input_tokens: '본 그림',
  audio_input_tokens: '들은 소리',
  reasoning_tokens: '생각',
  output_tokens: '답변으로 쓴 글',
  image_output_tokens: '그린 그림',
  audio_output_tokens: '말한 소리',
  all_tokens: '모두',
  searches: '검색 (번)',
  pictures_made: '그린 그림 (장)',
  characters: '읽어 준 글자 (자)',
  audio_input_seconds: '들은 소리 (초)',
  video_seconds: '만든 영상 (초)',
  estimated: '추정',
  card: (version) => `단가표 ${version}`,
  no_card: '단가표 없음',
  provider_cost: (money, rate) => ['공급자 청구 ', money, rate ? `, 환율 ${rate}` : ''],
  overrun: '자체 부담',
  overrun_why: '예약보다 더 나와 받지 않은 돈',
  fact_model: '모델',
  fact_from: (provider, upstream) => `${provider}의 ${upstream}`,
  fact_reason: '고른 까닭',
  asked_for: '고객이 고른 모델',
  fact_took: '시간',
  took_full: (all, first) => (first === null ? `${all}초, 첫 글자 없음` : `${all}초, 첫 글자까지 ${first}초`),
  seconds: (s) => `${s}초`,
  fact_energy: '에너지',
  energy_full: (wh, engine, estimated) => `${wh} Wh${estimated ? ' (추정)' : ''}, 엔진 ${engine}초`,
  energy_none: '우리 엔진을 쓰지 않음',
  fact_finish: '끝난 까닭',
  fact_fault: '오류',
  fact_plan: '요금제',
  fact_user: '사용자',
  fact_alarm: '살펴볼 일',
  fact_id: '영수증',
  fact_report: '공급자가 알린 사용량',
  finish: { stop: '할 말을 다 함', length: '길이 한도에 닿음', tool_calls: '도구를 부름', content_filter: '공급자가 걸러 냄' },
  faults: {
    upstream_unreachable: '공급자에 닿지 않습니다', upstream_timeout: '공급자가 제때 답하지 않았습니다',
    upstream_failed: '공급자가 오류를 보냈습니다', upstream_garbage: '공급자의 답을 읽을 수 없습니다',
    upstream_busy: '공급자가 바쁩니다', upstream_cut_off: '공급자의 답이 도중에 끊겼습니다',
    answer_overdue: '답변 하나에 허락된 시간을 넘겼습니다', engine_busy: '우리 엔진에 자리가 없습니다',
  },
  alarm_overrun: '예약한 돈보다 더 나온 몫을 우리가 부담했습니다. 모델의 output_tokens_max를 살펴보세요.',
  alarm_bad_usage: '공급자가 알린 사용량이 말이 되지 않아 쓰지 않고, 우리가 센 값으로 적었습니다.',
  alarm_price: (bucket) => `파는 단가표에 ${bucket} 단가가 비어 그만큼 받지 못했습니다. 단가를 채우세요.`,
  alarm_cost: (bucket) => `사는 단가표에 ${bucket} 단가가 비어 비용이 실제보다 적게 보입니다. 단가를 채우세요.`,
};

const en = {
  title: 'Today · Solvent',
  skip: 'Skip to content',
  language: 'Language',
  leave: 'Forget the key',
  today: 'Today',
  pause: 'Pause',
  resume: 'Resume',
  live: 'Live',
  connecting: 'Connecting',
  unreachable: 'The service cannot be reached',
  unreachable_why: 'See whether it is running. This page opens by itself when it is back.',
  lost: (s) => `Connection lost. Trying again in ${s} s`,
  paused_at: (time) => `Paused at ${time}`,
  waiting: (n) => plural(n, 'new receipt', 'new receipts'),
  door_title: 'This page opens with the operator’s key',
  door_why: 'Today’s profit and loss and the receipts as they arrive are here. Only the operator may see cost and margin, so the server asks for the key first.',
  key_label: 'Operator’s key',
  key_note: 'You can paste the whole address from the terminal. The key is also in first-run.json in the data folder, as operator_key. It stays in this tab and is gone when the tab is closed.',
  open: 'Open',
  no_key: 'The key is empty. Enter the operator’s key; it begins with op-solvent-.',
  wrong_key: 'This server does not know that key. Check that no character is missing, then paste the address from the terminal or operator_key from first-run.json again.',
  not_operator: 'That is a customer’s key. It can ask for answers; profit and loss open only with the operator’s key (op-solvent-).',
  kept: (money) => ['You have kept ', money, ' so far today'],
  lost_money: (money) => ['You are at ', money, ' so far today, in the red'],
  even: ['You have broken even so far today'],
  nothing_yet: ['No answer yet today'],
  only_failed: (n) => [n === '1' ? 'The one question today failed' : `All ${n} questions today failed`],
  say_sub: (paid, cost, particle, gifts, earned) => [
    'Charged ', paid, ...(gifts ? [', of which gifts paid ', gifts] : []),
    ...(earned ? [', plans earned ', earned] : []), ', cost ', cost, '.',
  ],
  say_sub_none: 'What is charged and what it costs appear here with the first question.',
  say_sub_failed: 'Nobody was charged for a failed question. The receipts below say why.',
  answers: 'Answers',
  no_failed: 'none failed',
  failed_free: (n) => `${n} failed, not charged`,
  they_paid: 'Charged',
  with_plans: (money) => ['with ', money, ' that plans earn today'],
  we_paid: 'Cost',
  margin: 'Margin',
  charge_each: (money) => [money, ' an answer'],
  cost_share: (share) => `${share} of the charge`,
  margin_share: (share) => `${share} of the charge`,
  cost_each: 'Cost per answer',
  token_count: (read, written) => `tokens ${read} in, ${written} out`,
  energy: 'Energy',
  energy_note: 'drawn by our own engine',
  energy_note_estimated: 'our engine, some estimated',
  plans: 'Where each plan breaks even',
  plan_even: (plan, n) => `${plan}: breaks even at ${plural(n, 'answer', 'answers')} a month from one customer`,
  plan_unknown: (plan) => `${plan}: break-even cannot be told yet`,
  plan_never: (plan) => `${plan}: the fee covers not even its fixed cost and share`,
  plan_sum: (net, subsidy, fixed) => ['Fee after VAT and payment fees ', net, ', share of free customers ', subsidy, ', fixed cost ', fixed, '. '],
  plan_each: (money) => ['An answer costs ', money, '.'],
  plan_nobody: 'Nobody on this plan has asked today.',
  receipts: 'Receipts, as they arrive',
  receipts_note: (n) => `latest ${n}`,
  at: 'Time', who: 'Customer', model: 'Model', tokens: 'Tokens', charge: 'Charge', cost: 'Cost', took: 'Took', outcome: 'Outcome',
  empty_today: 'Ask for one answer and its receipt appears here. In a terminal, ask like this.',
  empty_note: 'Put the customer’s key from the terminal (sk-solvent-) in place of YOUR_KEY. In first-run.json it is api_key.',
  empty_since: 'No receipt has arrived since the service was started again. The sums above are today’s, read from the books.',
  copy: 'Copy',
  copied: 'Copied',
  curl: 'Command to ask with',
  sample_question: 'How is the break-even of a plan worked out?',
  answered: 'Answered',
  abandoned: 'Client left',
  broken: 'Cut off',
  failed: 'Failed',
  overdue: 'Overdue',
  look: 'Needs a look',
  said_failed: 'There was no answer, so nothing was charged.',
  said_failed_cost: 'There was no answer, so nothing was charged; what it cost us is booked all the same.',
  bucket: 'Token bucket',
  input_tokens: 'Read, new',
  cached_input_tokens: 'Read again, cached',
  cache_write_tokens: 'Written to cache',
  image_input_tokens: 'Pictures seen',
  audio_input_tokens: 'Sound heard',
  reasoning_tokens: 'Thinking',
  output_tokens: 'Written answer',
  image_output_tokens: 'Pictures drawn',
  audio_output_tokens: 'Sound spoken',
  all_tokens: 'All',
  searches: 'Searches',
  pictures_made: 'Pictures made',
  characters: 'Characters spoken',
  audio_input_seconds: 'Seconds heard',
  video_seconds: 'Seconds of video',
  estimated: 'estimated',
  card: (version) => `rate card ${version}`,
  no_card: 'no rate card',
  provider_cost: (money, rate) => ['provider bills ', money, rate ? `, exchanged at ${rate}` : ''],
  overrun: 'House loss',
  overrun_why: 'came to more than was held; not charged',
  fact_model: 'Model',
  fact_from: (provider, upstream) => `${upstream} at ${provider}`,
  fact_reason: 'Chosen because',
  asked_for: 'the customer asked for it',
  fact_took: 'Time',
  took_full: (all, first) => (first === null ? `${all} s, no first token` : `${all} s, first token after ${first} s`),
  seconds: (s) => `${s} s`,
  fact_energy: 'Energy',
  energy_full: (wh, engine, estimated) => `${wh} Wh${estimated ? ' (estimated)' : ''}, engine busy ${engine} s`,
  energy_none: 'our own engine was not used',
  fact_finish: 'Ended because',
  fact_fault: 'Error',
  fact_plan: 'Plan',
  fact_user: 'User',
  fact_alarm: 'Needs a look',
  fact_id: 'Receipt',
  fact_report: 'Usage as reported',
  finish: { stop: 'it was complete', length: 'it reached the length limit', tool_calls: 'it called a tool', content_filter: 'the provider filtered it' },
  faults: {
    upstream_unreachable: 'The provider cannot be reached', upstream_timeout: 'The provider did not answer in time',
    upstream_failed: 'The provider answered with an error', upstream_garbage: 'What the provider sent cannot be read',
    upstream_busy: 'The provider is busy', upstream_cut_off: 'The provider’s answer broke off',
    answer_overdue: 'It ran longer than an answer may', engine_busy: 'Our own engine had no seat free',
  },
  alarm_overrun: 'It came to more than was held, and the house bore the rest. Look at this model’s output_tokens_max.',
  alarm_bad_usage: 'The usage the provider reported cannot be true. It was not used; our own count was booked.',
  alarm_price: (bucket) => `The price card has no price for ${bucket}, so nobody paid for it. Enter the price.`,
  alarm_cost: (bucket) => `The cost card has no price for ${bucket}, so cost looks lower than it is. Enter the price.`,
};

const WORDS = { ko, en };
const KEPT = 'solvent.language';

function firstLanguage() {
  let kept = null;
  try {
    kept = localStorage.getItem(KEPT);
  } catch {
    // Storage is switched off.
  }
  return kept in WORDS ? kept : (navigator.language ?? '').toLowerCase().startsWith('ko') ? 'ko' : 'en';
}

let language = firstLanguage();

export const currentLanguage = () => language;

export function chooseLanguage(wanted) {
  language = wanted in WORDS ? wanted : 'en';
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // It holds until the page is left.
  }
}

/** The word or sentence of this name in the language chosen. */
export function say(name, ...given) {
  const word = WORDS[language][name];
  return typeof word === 'function' ? word(...given) : word;
}

/** Writes the words of everything that is marked in the page itself. */
export function writeMarkedWords() {
  document.documentElement.lang = language;
  document.title = say('title');
  for (const node of document.querySelectorAll('[data-word]')) node.textContent = say(node.dataset.word);
  for (const node of document.querySelectorAll('[data-word-aria-label]')) node.setAttribute('aria-label', say(node.dataset.wordAriaLabel));
  for (const radio of document.querySelectorAll('input[name="language"]')) radio.checked = radio.value === language;
}

// Numbers and times read the same in both languages; dates do not.
export { count, momentText, secondsText, timeText, wattHoursText };
export const dateText = (date) => dateIn(date, language);
